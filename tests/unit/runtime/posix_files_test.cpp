#include "runtime/posix_files.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>  // RENAME_NOREPLACE
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>

#include "support/temp_dir.hpp"

namespace sotto::runtime {
namespace {

namespace fs = std::filesystem;
using client::PathKind;

struct PosixFilesTest : testing::Test {
  test::TempDir dir;
  PosixFiles files{dir.file("downloads")};

  std::string put(const std::string& name, std::string_view content) {
    std::ofstream(dir.file(name), std::ios::binary) << content;
    return dir.file(name);
  }
  std::string get(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  template <class T>
  ErrorCode code_of(const Result<T>& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::internal : result.error().code;
  }
};

TEST_F(PosixFilesTest, reads_at_any_offset_and_stops_at_the_end) {
  auto file = files.open(put("a", "hello world"));
  ASSERT_TRUE(file);
  Bytes out(5);
  EXPECT_EQ(*(*file)->read_at(6, out), 5u);
  EXPECT_EQ(to_string(out), "world");
  EXPECT_EQ(*(*file)->read_at(9, out), 2u);
  EXPECT_EQ(*(*file)->read_at(50, out), 0u);
}

TEST_F(PosixFilesTest, a_stamp_changes_with_the_file) {
  const auto path = put("a", "one");
  const auto before = (*files.open(path))->stamp();
  EXPECT_EQ(before->size, 3u);
  EXPECT_EQ(*(*files.open(path))->stamp(), *before);
  put("b", "two");
  fs::rename(dir.file("b"), path);
  EXPECT_FALSE(*(*files.open(path))->stamp() == *before);
}

TEST_F(PosixFilesTest, says_what_cannot_be_opened) {
  EXPECT_EQ(code_of(files.open(dir.file("missing"))), ErrorCode::not_found);
  EXPECT_EQ(code_of(files.open(dir.path())), ErrorCode::invalid_argument);
  ASSERT_EQ(mkfifo(dir.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(code_of(files.open(dir.file("pipe"))),
            ErrorCode::invalid_argument);  // and does not wait for a writer
  EXPECT_EQ(code_of(files.open(std::string("a\0b", 3))), ErrorCode::invalid_argument);
}

TEST_F(PosixFilesTest, a_file_of_somebody_else_is_denied) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const auto secret = put("secret", "x");
  ASSERT_EQ(chmod(secret.c_str(), 0), 0);
  EXPECT_EQ(code_of(files.open(secret)), ErrorCode::denied);
}

TEST_F(PosixFilesTest, a_created_file_is_private_and_new) {
  const auto path = dir.file("new");
  auto file = files.create(path);
  ASSERT_TRUE(file);
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(code_of(files.create(path)), ErrorCode::conflict);
}

TEST_F(PosixFilesTest, does_not_create_or_reopen_through_a_symbolic_link) {
  const auto victim = put("victim", "precious");
  ASSERT_EQ(symlink(victim.c_str(), dir.file("link").c_str()), 0);
  ASSERT_EQ(symlink(dir.file("nowhere").c_str(), dir.file("dangling").c_str()), 0);
  EXPECT_EQ(code_of(files.create(dir.file("link"))), ErrorCode::conflict);
  EXPECT_EQ(code_of(files.create(dir.file("dangling"))), ErrorCode::conflict);
  EXPECT_EQ(code_of(files.reopen(dir.file("link"))), ErrorCode::invalid_argument);
  EXPECT_EQ(get(victim), "precious");
}

TEST_F(PosixFilesTest, writes_in_pieces_and_goes_on_after_reopening) {
  const auto path = dir.file("part");
  {
    auto file = files.create(path);
    ASSERT_TRUE((*file)->write_at(0, as_bytes("hello ")));
    ASSERT_TRUE((*file)->sync());
  }
  auto file = files.reopen(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->write_at(6, as_bytes("world")));
  EXPECT_EQ(get(path), "hello world");
  EXPECT_EQ(code_of(files.reopen(dir.file("gone"))), ErrorCode::not_found);
}

TEST_F(PosixFilesTest, a_full_disk_is_a_storage_error_with_a_sentence) {
  // /dev/full is no ordinary file, so the way a person meets it is checked through a size limit instead.
  const auto path = dir.file("big");
  auto file = files.create(path);
  ASSERT_TRUE(file);
  const Status written = (*file)->write_at(std::uint64_t{1} << 62, as_bytes("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::storage);
  EXPECT_NE(written.error().message.find(path), std::string::npos);
}

TEST_F(PosixFilesTest, publishing_never_replaces_a_file) {
  put("a.txt", "mine");
  const auto first = files.publish(put("t1", "theirs"), dir.path(), "a.txt");
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, dir.file("a (1).txt"));
  const auto second = files.publish(put("t2", "more"), dir.path(), "a.txt");
  EXPECT_EQ(*second, dir.file("a (2).txt"));
  EXPECT_EQ(get(dir.file("a.txt")), "mine");
  EXPECT_EQ(get(*first), "theirs");
  EXPECT_FALSE(fs::exists(dir.file("t1")));
}

TEST_F(PosixFilesTest, publishing_does_not_follow_a_link_that_lies_in_wait) {
  const auto victim = put("victim", "precious");
  ASSERT_EQ(symlink(victim.c_str(), dir.file("a.txt").c_str()), 0);
  const auto got = files.publish(put("t", "theirs"), dir.path(), "a.txt");
  EXPECT_EQ(*got, dir.file("a (1).txt"));
  EXPECT_EQ(get(victim), "precious");
}

// This process from now on finds what shared folders of virtual machines offer: renaming that replaces, no
// hard links, no syncing of folders.
bool lose_the_better_system_calls() {
  const auto refuse = [](int number) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(number); };
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_linkat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refuse(EPERM)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_fsync, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refuse(EINVAL)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_renameat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, refuse(EINVAL)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(code), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(PosixFilesTest, publishes_where_a_rename_always_replaces) {
  put("a.txt", "mine");
  const std::string temporary = put("t", "theirs");
  const pid_t child = fork();
  if (child == 0) {
    if (!lose_the_better_system_calls()) _exit(2);
    const auto got = files.publish(temporary, dir.path(), "a.txt");
    if (!got) ::dprintf(2, "%s\n", got.error().message.c_str());
    _exit(got && *got == dir.file("a (1).txt") ? 0 : 1);
  }
  int how = 0;
  ASSERT_EQ(waitpid(child, &how, 0), child);
  ASSERT_TRUE(WIFEXITED(how));
  if (WEXITSTATUS(how) == 2) GTEST_SKIP() << "no system call filters here";
  EXPECT_EQ(WEXITSTATUS(how), 0);
  EXPECT_EQ(get(dir.file("a.txt")), "mine");
  EXPECT_EQ(get(dir.file("a (1).txt")), "theirs");
  EXPECT_FALSE(fs::exists(temporary));
}

TEST_F(PosixFilesTest, refuses_names_that_lead_elsewhere) {
  const auto temporary = put("t", "x");
  for (const std::string name : {"", ".", "..", "../x", "a/b", "/etc/x"}) {
    EXPECT_EQ(code_of(files.publish(temporary, dir.path(), name)), ErrorCode::invalid_argument) << name;
  }
  EXPECT_EQ(code_of(files.publish(temporary, dir.file("missing"), "x")), ErrorCode::not_found);
}

TEST_F(PosixFilesTest, removing_what_is_not_there_is_fine) {
  EXPECT_TRUE(files.remove(dir.file("missing")));
  const auto path = put("a", "x");
  EXPECT_TRUE(files.remove(path));
  EXPECT_EQ(files.kind(path), PathKind::none);
}

TEST_F(PosixFilesTest, tells_files_from_folders) {
  EXPECT_EQ(files.kind(put("a", "x")), PathKind::file);
  EXPECT_EQ(files.kind(dir.path()), PathKind::folder);
  EXPECT_EQ(files.kind("/dev/null"), PathKind::other);
}

TEST_F(PosixFilesTest, makes_the_download_folder_when_it_is_first_needed) {
  EXPECT_FALSE(fs::exists(dir.file("downloads")));
  EXPECT_EQ(*files.download_folder(), dir.file("downloads"));
  EXPECT_TRUE(fs::is_directory(dir.file("downloads")));
  put("blocked", "a file in its place");
  EXPECT_FALSE(PosixFiles(dir.file("blocked")).download_folder());
}

TEST(NumberedName, keeps_the_ending) {
  EXPECT_EQ(numbered_name("a.txt", 0), "a.txt");
  EXPECT_EQ(numbered_name("a.txt", 1), "a (1).txt");
  EXPECT_EQ(numbered_name("a", 2), "a (2)");
  EXPECT_EQ(numbered_name("a.tar.gz", 3), "a (3).tar.gz");
  EXPECT_EQ(numbered_name(".profile", 1), ".profile (1)");
}

}  // namespace
}  // namespace sotto::runtime
