#include "client/file_name.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "client/utf8.hpp"

namespace sotto::client {
namespace {

TEST(FileName, keeps_what_people_write) {
  for (const char* name : {"report.pdf", "Größe 12.txt", "報告書.docx", "תמונה.jpg", "👩‍💻.png",
                           "a (1).tar.gz", "it's & co.txt", "no extension"}) {
    EXPECT_EQ(neutral_file_name(name), name);
  }
}

TEST(FileName, neutralises_what_is_meant_to_deceive_or_to_escape) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"../../etc/passwd", "passwd"},
      {"/absolute/path.txt", "path.txt"},
      {"C:\\Windows\\evil.dll", "evil.dll"},
      {"..", "file"},
      {".", "file"},
      {"", "file"},
      {"a/", "file"},
      {".bashrc", "_bashrc"},
      {"-rf", "_rf"},
      {"~user", "_user"},
      {"photo\u202Egnp.exe", "photognp.exe"},
      {"a\u2066b\u2069c.txt", "abc.txt"},
      {"zero\u200Bwidth.txt", "zerowidth.txt"},
      {std::string("nul\0byte.txt", 12), "nulbyte.txt"},
      {"line\nbreak\r.txt", "linebreak.txt"},
      {"c1\u0085x.txt", "c1x.txt"},
      {"what?.txt", "what.txt"},
      {"trailing. . ", "trailing"},
      {"  leading", "leading"},
      {"CON", "_CON"},
      {"nul.txt", "_nul.txt"},
      {"com1.log", "_com1.log"},
      {"com10.log", "com10.log"},
      {"\xFF\xFEtext.txt", "text.txt"},
  };
  for (const auto& [raw, safe] : cases) EXPECT_EQ(neutral_file_name(raw), safe) << raw;
}

TEST(FileName, shortens_in_the_middle_and_keeps_the_extension) {
  const std::string name = neutral_file_name(std::string(300, 'x') + "end.tar.gz");
  EXPECT_LE(name.size(), kMaxFileName);
  EXPECT_TRUE(name.ends_with("end.tar.gz"));
  std::string wide;
  for (int i = 0; i < 120; ++i) wide += "語";
  const std::string short_wide = neutral_file_name(wide + ".txt");
  EXPECT_LE(short_wide.size(), kMaxFileName);
  EXPECT_TRUE(is_utf8(short_wide));
  EXPECT_TRUE(short_wide.ends_with(".txt"));
}

TEST(FileName, neutralising_twice_changes_nothing) {
  for (const std::string& raw : {std::string("..-. x"), std::string(" . .con"), std::string(200, '.') + "a",
                                 std::string("\u202E\u202E-a"), "aux" + std::string(130, 'y')}) {
    const std::string once = neutral_file_name(raw);
    EXPECT_EQ(neutral_file_name(once), once) << raw;
  }
}

}  // namespace
}  // namespace sotto::client
