# One file per dependency: what it is, why, version floor, licence, who may link it. README.md here is
# the table. Each defines one imported target third_party::NAME; nothing is downloaded or copied in.
find_package(PkgConfig REQUIRED)

# sotto_pkg(NAME "pkg-config modules with floors"): imported target third_party::NAME, headers as SYSTEM.
function(sotto_pkg name)
  pkg_check_modules(SOTTO_${name} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${ARGN})
  add_library(third_party_${name} INTERFACE)
  target_link_libraries(third_party_${name} INTERFACE PkgConfig::SOTTO_${name})
  set_target_properties(PkgConfig::SOTTO_${name} PROPERTIES SYSTEM TRUE)
  get_target_property(dirs PkgConfig::SOTTO_${name} INTERFACE_INCLUDE_DIRECTORIES)
  if(dirs)
    set_target_properties(PkgConfig::SOTTO_${name} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${dirs}")
  endif()
  add_library(third_party::${name} ALIAS third_party_${name})
endfunction()

foreach(dependency openssl sodium protobuf sqlite ffmpeg opus srtp nice portaudio sdl2 pango qrencode cli11 json gtest)
  include(${CMAKE_CURRENT_LIST_DIR}/${dependency}.cmake)
endforeach()
