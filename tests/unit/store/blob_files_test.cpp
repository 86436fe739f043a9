#include "sotto/store_files/blob_files.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "sotto/base/random.hpp"
#include "support/temp_dir.hpp"

namespace sotto::store {
namespace {

class BlobFilesTest : public testing::Test {
 protected:
  BlobFiles open() {
    Result<BlobFiles> files = BlobFiles::open(dir_.file("blobs"));
    EXPECT_TRUE(files);
    return *std::move(files);
  }
  // Reading appends, so it is made to begin behind something.
  static std::string read(BlobFiles& files, BlobId blob, std::uint64_t offset, std::uint32_t length) {
    Bytes out = to_bytes("head");
    EXPECT_TRUE(files.read(blob, offset, length, out));
    EXPECT_EQ(as_text(ByteView(out).first(4)), "head");
    return to_string(ByteView(out).subspan(4));
  }
  test::TempDir dir_;
  SeededRandom random_{3};
  BlobId id_ = random_.id<BlobId>();
};

TEST_F(BlobFilesTest, grow_at_the_end_alone) {
  BlobFiles files = open();
  EXPECT_EQ(files.write(id_, 0, as_bytes("x")).error().code, ErrorCode::not_found);
  ASSERT_TRUE(files.prepare(id_, 0));
  EXPECT_TRUE(files.write(id_, 0, as_bytes("hello ")));
  EXPECT_TRUE(files.write(id_, 6, as_bytes("world")));
  EXPECT_EQ(files.write(id_, 6, as_bytes("again")).error().code, ErrorCode::conflict);
  EXPECT_EQ(files.write(id_, 12, as_bytes("hole")).error().code, ErrorCode::conflict);
  EXPECT_TRUE(files.sync(id_));
  EXPECT_EQ(read(files, id_, 6, 100), "world");
  EXPECT_EQ(read(files, id_, 0, 5), "hello");
  EXPECT_EQ(read(files, id_, 99, 5), "");
}

TEST_F(BlobFilesTest, are_cut_back_to_what_was_synced_when_taken_up_again) {
  {
    BlobFiles files = open();
    ASSERT_TRUE(files.prepare(id_, 0));
    ASSERT_TRUE(files.write(id_, 0, as_bytes("0123456789")));
  }
  BlobFiles files = open();
  ASSERT_TRUE(files.prepare(id_, 4));
  EXPECT_EQ(read(files, id_, 0, 100), "0123");
  EXPECT_TRUE(files.write(id_, 4, as_bytes("xyz")));
  EXPECT_EQ(files.prepare(id_, 99).error().code, ErrorCode::not_found);
  EXPECT_EQ(files.prepare(random_.id<BlobId>(), 5).error().code, ErrorCode::not_found);
}

TEST_F(BlobFilesTest, keep_more_blobs_than_descriptors) {
  BlobFiles files = open();
  std::vector<BlobId> ids;
  for (int i = 0; i < 200; ++i) {
    ids.push_back(random_.id<BlobId>());
    ASSERT_TRUE(files.prepare(ids.back(), 0));
    ASSERT_TRUE(files.write(ids.back(), 0, as_bytes(std::to_string(i))));
  }
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(read(files, ids[static_cast<std::size_t>(i)], 0, 10), std::to_string(i));
  EXPECT_EQ(files.list()->size(), 200U);
  EXPECT_TRUE(files.remove(ids[0]));
  EXPECT_EQ(files.list()->size(), 199U);
  Bytes nothing;
  EXPECT_EQ(files.read(ids[0], 0, 1, nothing).error().code, ErrorCode::not_found);
  EXPECT_EQ(files.remove(ids[0]).error().code, ErrorCode::not_found);
}

TEST_F(BlobFilesTest, are_private_whatever_the_umask_says) {
  const mode_t before = ::umask(0);
  BlobFiles files = open();
  ASSERT_TRUE(files.prepare(id_, 0));
  ::umask(before);
  for (const auto& one : std::filesystem::recursive_directory_iterator(dir_.file("blobs"))) {
    struct stat info {};
    ASSERT_EQ(::stat(one.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0U) << one.path();
  }
}

TEST_F(BlobFilesTest, are_as_long_as_before_after_a_write_that_failed_half_way) {
  BlobFiles files = open();
  ASSERT_TRUE(files.prepare(id_, 0));
  ASSERT_TRUE(files.write(id_, 0, as_bytes("0123")));
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit tiny{1000, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &tiny);
  const Status failed = files.write(id_, 4, as_bytes(std::string(5000, 'x')));
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(failed.error().code, ErrorCode::too_large);
  EXPECT_EQ(read(files, id_, 0, 100), "0123");
  EXPECT_TRUE(files.write(id_, 4, as_bytes("4567")));
}

}  // namespace
}  // namespace sotto::store
