# GoogleTest: tests. Fixed by the project. Floor 1.12. BSD-3-Clause. May link: tests.
if(SOTTO_TESTS)
  sotto_pkg(gtest gtest>=1.12 gmock>=1.12)
  include(GoogleTest)
endif()
