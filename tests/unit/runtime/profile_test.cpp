#include "runtime/profile.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "support/temp_dir.hpp"

namespace sotto::runtime {
namespace {

namespace fs = std::filesystem;

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

TEST(Profile, is_made_private_with_its_parents) {
  const test::TempDir dir;
  const auto profile = Profile::open(dir.file("a/b/alice"));
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(mode_of(dir.file("a/b/alice")), 0700u);
  EXPECT_EQ(mode_of(dir.file("a/b/alice/lock")), 0600u);
  EXPECT_EQ(profile->store_path(), dir.file("a/b/alice/sotto.db"));
}

TEST(Profile, belongs_to_one_program_at_a_time) {
  const test::TempDir dir;
  {
    const auto first = Profile::open(dir.file("alice"));
    ASSERT_TRUE(first);
    const auto second = Profile::open(dir.file("alice"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
  }
  EXPECT_TRUE(Profile::open(dir.file("alice")));
}

TEST(Profile, is_not_made_of_a_folder_with_other_things_in_it) {
  const test::TempDir dir;
  fs::create_directory(dir.file("pictures"));
  fs::permissions(dir.file("pictures"), fs::perms(0755));
  std::ofstream(dir.file("pictures/cat.jpg")) << "meow";
  const auto profile = Profile::open(dir.file("pictures"));
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(mode_of(dir.file("pictures")), 0755u);
}

TEST(Profile, takes_an_empty_folder_and_makes_it_private) {
  const test::TempDir dir;
  fs::create_directory(dir.file("new"));
  fs::permissions(dir.file("new"), fs::perms(0755));
  EXPECT_TRUE(Profile::open(dir.file("new")));
  EXPECT_EQ(mode_of(dir.file("new")), 0700u);
}

TEST(Profile, says_when_the_name_is_taken_by_a_file_or_is_empty) {
  const test::TempDir dir;
  std::ofstream(dir.file("file")) << "x";
  EXPECT_EQ(Profile::open(dir.file("file")).error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(Profile::open(dir.file("file") + "/below"));
  EXPECT_EQ(Profile::open("").error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sotto::runtime
