// register, login, logout, status, contacts.
#include "command_face.hpp"
#include "terminal_text.hpp"

namespace sotto::cli {
namespace {

using client::AccountView;
using client::Commands;

void print_account(const std::function<void(std::string_view)>& print, const AccountView& account) {
  print(printable(account.user.username) + " on " + printable(account.server) + ", device " +
        printable(account.device.name));
}

class Register final : public CommandFace {
 public:
  Register(FaceLoop& loop, Output output, client::RegisterParams params)
      : CommandFace(loop, std::move(output)), params_(std::move(params)) {}
  void begin() override {
    commands().account_register(
        std::move(params_), then<AccountView>([this](const AccountView& account) {
          print_account([this](std::string_view line) { print("Registered as " + std::string(line) + "."); },
                        account);
          finish(kExitDone);
        }));
  }

 private:
  client::RegisterParams params_;
};

class Login final : public CommandFace {
 public:
  Login(FaceLoop& loop, Output output, client::LoginParams params)
      : CommandFace(loop, std::move(output)), params_(std::move(params)) {}
  void begin() override {
    commands().account_login(
        std::move(params_), then<AccountView>([this](const AccountView& account) {
          print_account([this](std::string_view line) { print("Signed in as " + std::string(line) + "."); },
                        account);
          finish(kExitDone);
        }));
  }

 private:
  client::LoginParams params_;
};

class Logout final : public CommandFace {
 public:
  using CommandFace::CommandFace;
  void begin() override {
    commands().account_logout(then<Unit>([this](Unit) {
      print("Signed out. Account and history are gone from this device.");
      finish(kExitDone);
    }));
  }
};

class Status final : public CommandFace {
 public:
  using CommandFace::CommandFace;
  void begin() override {
    commands().account_status(then<Commands::AccountStatus>([this](const Commands::AccountStatus& status) {
      if (!status.account) {
        print("No account in this profile.");
        return finish(kExitFailed);
      }
      print_account([this](std::string_view line) { print(line); }, *status.account);
      when_online([this] {
        print("online");
        finish(kExitDone);
      });
    }));
  }
};

class Contacts final : public CommandFace {
 public:
  using CommandFace::CommandFace;
  void begin() override {
    commands().contacts_list(then<std::vector<client::UserView>>([this](const auto& users) {
      for (const auto& user : users) {
        std::string line = printable(user.username);
        if (!user.display_name.empty() && user.display_name != user.username) {
          line += " (" + printable(user.display_name) + ")";
        }
        line += user.online ? ", online" : ", offline";
        if (user.verified) line += ", verified";
        if (user.identity_changed) line += ", IDENTITY CHANGED";
        print(line);
      }
      if (users.empty()) say("No contacts yet. Write to somebody with: sotto-cli send USER TEXT");
      finish(kExitDone);
    }));
  }
};

}  // namespace

std::unique_ptr<Face> make_register(FaceLoop& loop, Output output, client::RegisterParams params) {
  return std::make_unique<Register>(loop, std::move(output), std::move(params));
}
std::unique_ptr<Face> make_login(FaceLoop& loop, Output output, client::LoginParams params) {
  return std::make_unique<Login>(loop, std::move(output), std::move(params));
}
std::unique_ptr<Face> make_logout(FaceLoop& loop, Output output) {
  return std::make_unique<Logout>(loop, std::move(output));
}
std::unique_ptr<Face> make_status(FaceLoop& loop, Output output) {
  return std::make_unique<Status>(loop, std::move(output));
}
std::unique_ptr<Face> make_contacts(FaceLoop& loop, Output output) {
  return std::make_unique<Contacts>(loop, std::move(output));
}

}  // namespace sotto::cli
