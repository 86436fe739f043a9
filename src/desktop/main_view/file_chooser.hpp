// The built-in file dialog: folders, names, sizes; several files at once.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "desktop/widgets/ui.hpp"
#include "sotto/base/time.hpp"

namespace sotto::desktop {

class FileChooser {
 public:
  void open(Ui& ui);
  void build(Ui& ui);
  bool shown() const { return shown_; }
  void close() { shown_ = false; }
  std::function<void(std::vector<std::string>)> chosen;

 private:
  struct Entry {
    std::string name;
    bool folder = false;
    std::uint64_t size = 0;
    WallTime changed{};
  };
  void enter(const std::string& folder);
  void accept();
  void accept_typed(Ui& ui);
  void row(Ui& ui, const Entry& entry, const Rect& box);

  bool shown_ = false, hidden_files_ = false;
  std::string folder_, problem_;
  std::vector<Entry> entries_;
  std::set<std::string> selected_;
  TextEdit path_;
  double scroll_ = 0;
  static constexpr std::size_t kMaxEntries = 10000;
};

}  // namespace sotto::desktop
