#include "runtime/profile_key.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/temp_dir.hpp"

namespace sotto::runtime {
namespace {

using crypto::kWeakTestParams;

SecretBytes text(std::string_view value) { return SecretBytes::from_text(value); }

class ProfileKey : public testing::Test {
 protected:
  Bytes file() const {
    std::ifstream in(path_, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }
  void put(ByteView content) const {
    std::ofstream out(path_, std::ios::binary | std::ios::trunc);
    out << as_text(content);
  }
  SecretBytes make(std::string_view passphrase) {
    return make_profile_key(path_, text(passphrase), random_, kWeakTestParams).value();
  }

  test::TempDir folder_;
  std::string path_ = folder_.file("profile.key");
  std::string store_ = folder_.file("sotto.db");
  SeededRandom random_{1};
};

TEST_F(ProfileKey, opens_with_the_passphrase_it_was_made_with) {
  const SecretBytes key = make("correct horse");
  EXPECT_EQ(key.size(), 32U);
  const auto opened = open_profile_key(path_, text("correct horse"));
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(*opened == key);
}

TEST_F(ProfileKey, refuses_another_passphrase) {
  make("correct horse");
  for (const char* wrong : {"correct hors", "Correct horse", "correct horse "}) {
    const auto opened = open_profile_key(path_, text(wrong));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), fail(ErrorCode::denied, "The passphrase is wrong."));
  }
  EXPECT_EQ(open_profile_key(path_, SecretBytes()).error().code, ErrorCode::invalid_argument);
}

TEST_F(ProfileKey, a_new_passphrase_opens_the_same_key_and_the_old_one_nothing) {
  const SecretBytes key = make("old");
  EXPECT_EQ(change_passphrase(path_, text("wrong"), text("new"), random_, kWeakTestParams).error().code,
            ErrorCode::denied);
  ASSERT_TRUE(change_passphrase(path_, text("old"), text("new"), random_, kWeakTestParams).ok());
  EXPECT_EQ(open_profile_key(path_, text("old")).error().code, ErrorCode::denied);
  EXPECT_TRUE(open_profile_key(path_, text("new")).value() == key);
}

TEST_F(ProfileKey, lies_in_a_private_file_that_holds_neither_key_nor_passphrase) {
  const mode_t before = umask(0);
  const SecretBytes key = make("correct horse");
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const Bytes content = file();
  const std::string all = to_string(content);
  EXPECT_EQ(all.find("correct"), std::string::npos);
  EXPECT_EQ(all.find(as_text(key.view())), std::string::npos);
  EXPECT_EQ(all.find(to_base64url(key.view()).substr(0, 40)), std::string::npos);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1);
}

TEST_F(ProfileKey, every_flipped_bit_is_reported_as_damage) {
  make("p");
  const Bytes content = file();
  for (std::size_t i = 0; i < content.size() * 8; ++i) {
    Bytes flipped = content;
    flipped[i / 8] ^= static_cast<std::uint8_t>(1U << (i % 8));
    put(flipped);
    const auto opened = open_profile_key(path_, text("p"));
    ASSERT_FALSE(opened) << "bit " << i;
    EXPECT_EQ(opened.error().code, ErrorCode::storage) << "bit " << i << ": " << opened.error().message;
  }
  for (std::size_t size = 0; size < content.size(); ++size) {
    EXPECT_FALSE(decode_profile_key(ByteView(content).first(size)));
  }
}

TEST_F(ProfileKey, parameters_out_of_range_are_refused_even_with_the_right_sum) {
  WrappedKey key{kWeakTestParams, Bytes(16, 1), Bytes(60, 2)};
  EXPECT_TRUE(decode_profile_key(as_bytes(encode(key))));
  key.params.memory_bytes = std::size_t{2} << 30;
  EXPECT_FALSE(decode_profile_key(as_bytes(encode(key))));
  key.params = {8U << 10, 17};
  EXPECT_FALSE(decode_profile_key(as_bytes(encode(key))));
  key.params = {8U << 10, 0};
  EXPECT_FALSE(decode_profile_key(as_bytes(encode(key))));
  key.params = kWeakTestParams;
  key.salt.push_back(0);
  EXPECT_FALSE(decode_profile_key(as_bytes(encode(key))));
}

TEST_F(ProfileKey, a_profile_stays_sealed_or_plain) {
  const std::optional<SecretBytes> passphrase = text("p");
  const auto plain = unlock_profile(path_, store_, std::nullopt, random_);
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->has_value());
  EXPECT_FALSE(std::filesystem::exists(path_));

  std::ofstream(store_) << "SQLite format 3";
  EXPECT_EQ(unlock_profile(path_, store_, passphrase, random_).error().code, ErrorCode::denied);
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::filesystem::remove(store_);

  make("p");
  const auto sealed = unlock_profile(path_, store_, passphrase, random_);
  ASSERT_TRUE(sealed && sealed->has_value());
  EXPECT_EQ(unlock_profile(path_, store_, std::nullopt, random_).error().code, ErrorCode::denied);
}

TEST_F(ProfileKey, a_new_profile_gets_a_key_at_full_cost) {
  const auto made = unlock_profile(path_, store_, text("p"), random_);
  ASSERT_TRUE(made && made->has_value());
  EXPECT_EQ(decode_profile_key(file()).value().params, crypto::kLocalDatabaseParams);
  EXPECT_TRUE(*unlock_profile(path_, store_, text("p"), random_).value() == **made);
}

}  // namespace
}  // namespace sotto::runtime
