// The client's store with a key and without.
#include "sotto/store_sqlite/client_store.hpp"

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace sotto::store {
namespace {

const SecretBytes kKey(Bytes(32, 3));
const SecretBytes kOther(Bytes(32, 4));

TEST(SealedClientStore, opens_with_its_key_only) {
  const test::TempDir folder;
  const std::string path = folder.file("sotto.db");
  {
    auto store = open_sqlite_client_store(path, &kKey);
    ASSERT_TRUE(store) << store.error().message;
    (*store)->put_value("name", as_bytes("content"));
    const auto second = open_sqlite_client_store(path, &kKey);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
  }
  for (const SecretBytes* key : {&kOther, static_cast<const SecretBytes*>(nullptr)}) {
    const auto store = open_sqlite_client_store(path, key);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, ErrorCode::denied);
  }
  const auto store = open_sqlite_client_store(path, &kKey);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ((*store)->value("name"), to_bytes("content"));
}

TEST(SealedClientStore, a_plain_store_is_not_opened_with_a_key) {
  const test::TempDir folder;
  ASSERT_TRUE(open_sqlite_client_store(folder.file("sotto.db")));
  const auto store = open_sqlite_client_store(folder.file("sotto.db"), &kKey);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::denied);
  EXPECT_TRUE(open_sqlite_client_store(folder.file("sotto.db")));
}

}  // namespace
}  // namespace sotto::store
