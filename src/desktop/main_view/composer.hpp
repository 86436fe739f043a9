// Where a message is written: the growing field, the attachment tray, send. One draft per conversation.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "desktop/model/model.hpp"
#include "desktop/widgets/ui.hpp"

namespace sotto::desktop {

struct Attachment {
  std::string path, name;
  std::uint64_t size = 0;
};

class Composer {
 public:
  static constexpr std::size_t kMaxMessageBytes = 64UL * 1024;
  static constexpr std::size_t kMaxFiles = 10;

  explicit Composer(Model& model) : model_(model) {}

  // Height it needs at this width, then the drawing itself.
  double measure(Ui& ui, const ConversationId& id, double width, double pane_height);
  void build(Ui& ui, const ConversationView& conversation, const Rect& area);

  // Adds what can be attached and says by toasts what cannot.
  void attach(const ConversationId& id, const std::vector<std::string>& paths);
  std::string draft_text(const ConversationId& id) const;
  void insert(const ConversationId& id, const std::string& text, TimePoint now);
  // What could not be sent, before whatever was written since.
  void give_back(const ConversationId& id, const std::string& text);
  void clear() { drafts_.clear(); }

  std::function<void()> choose_files;
  std::function<void()> sent;
  std::function<void(int)> page;  // PgUp/PgDn scroll the list
  std::function<void()> escape;

 private:
  struct Draft {
    TextEdit edit{TextEdit::Style{.multi_line = true}};
    std::vector<Attachment> tray;
    TimePoint last_sent{};
    std::string last_text;
  };
  Draft& draft(const ConversationId& id);
  void send(Ui& ui, const ConversationId& id);
  bool sendable(const Draft& draft) const;
  void build_tray(Ui& ui, Draft& draft, const Rect& area);

  Model& model_;
  std::unordered_map<ConversationId, std::unique_ptr<Draft>> drafts_;
};

}  // namespace sotto::desktop
