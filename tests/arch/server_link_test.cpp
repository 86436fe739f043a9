// The server cannot decrypt because it does not link the code that could. Reads the linker's map.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

TEST(ServerLinkMap, holds_no_group_state_frame_key_client_or_codec) {
  const std::filesystem::path map = std::filesystem::path(SOTTO_BINARY_DIR) / "bin" / "sottod.map";
  ASSERT_TRUE(std::filesystem::exists(map)) << map;
  std::ifstream file(map);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_NE(text.find("libsotto_server.a"), std::string::npos) << "not the server's link map";
  for (const char* library :
       {"libsotto_mls.a", "libsotto_frame.a", "libsotto_client.a", "libsotto_codec", "libsotto_call.a"}) {
    EXPECT_EQ(text.find(library), std::string::npos) << library << " is linked into the server";
  }
}

}  // namespace
