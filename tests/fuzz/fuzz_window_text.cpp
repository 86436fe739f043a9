// What other people's text meets in the window before it is laid out, and what a field does with it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "desktop/start/rules.hpp"
#include "desktop/text/breaks.hpp"
#include "desktop/text/edit_model.hpp"
#include "desktop/text/sanitize.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::desktop;
  if (size > 4096) return 0;
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(data[i]);

  // What was made valid stays as it is.
  const std::string valid = valid_utf8(text);
  if (valid_utf8(valid) != valid) std::abort();
  for (const std::string& shown :
       {message_text(text), one_line(text), isolated(text), clean_input(text), initials(text)}) {
    if (valid_utf8(shown) != shown) std::abort();
  }
  if (one_line(text).find('\n') != std::string::npos) std::abort();
  (void)emoji_count(text);
  (void)parse_server(text);
  (void)password_strength(text, "alice");

  // Every step keeps the caret at a boundary, and undoing everything gives the beginning.
  EditModel model(true, 2048);
  model.insert(text, EditModel::Kind::paste, {});
  sotto::TimePoint now{};
  for (std::size_t i = 0; i < size && i < 64; ++i) {
    now += std::chrono::milliseconds(300);
    switch (data[i] % 9) {
      case 0: model.move_grapheme(-1, false); break;
      case 1: model.move_word(-1, true); break;
      case 2: model.backspace(now); break;
      case 3: model.delete_forward(now); break;
      case 4: model.insert("x", EditModel::Kind::typing, now); break;
      case 5: model.delete_word_back(now); break;
      case 6: model.select_word_at(model.caret()); break;
      case 7: model.undo(); break;
      default: model.move_word(1, false); break;
    }
    const std::string& now_text = model.text();
    if (model.caret() > now_text.size() || valid_utf8(now_text) != now_text) std::abort();
    if (model.caret() < now_text.size() &&
        (static_cast<unsigned char>(now_text[model.caret()]) & 0xC0) == 0x80)
      std::abort();
  }
  while (model.undo()) {
  }
  if (!model.text().empty()) std::abort();
  return 0;
}
