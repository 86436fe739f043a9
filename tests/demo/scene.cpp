// The main job, played: a server of one's own, two windows under Xvfb, Alice and Bob. They make their
// accounts by invite link, write to each other, one sends a file, they talk for ten seconds with pictures.
// All by real input to the real programs.
//
//   demo_scene SOTTOD SOTTO FOLDER
//
// Screenshots go to FOLDER, the statistics of the call to standard output and FOLDER/call.txt. Exit code 0:
// everything worked; 1: something did not, and standard error says what.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <thread>

#include "demo/call_report.hpp"
#include "sotto/proto/invite_link.hpp"
#include "support/call_tools/timing.hpp"
#include "support/server_process.hpp"
#include "ui/support/steps.hpp"

namespace sotto::demo {
namespace {

using desktop_test::Json;
using desktop_test::kPatienceSeconds;
using desktop_test::Window;

constexpr int kCallSeconds = 10;

void say(const std::string& line) { std::cout << line << std::endl; }  // at once: this takes half a minute

class Scene {
 public:
  Scene(const std::string& sottod, std::string sotto, std::string out)
      : sotto_(std::move(sotto)), out_(std::move(out)), server_(sottod, /*weak_passwords=*/false) {
    std::filesystem::create_directories(out_);
  }

  int play() {
    say("A server runs in a scratch folder, on 127.0.0.1:" + std::to_string(server_.port()) + ".");
    sign_up();
    chat();
    send_file();
    const std::vector<std::string> problems = call();
    if (alice_->quit() != 0 || bob_->quit() != 0) throw std::runtime_error("a window did not end cleanly");
    say("The pictures are in " + out_ + ".");
    for (const std::string& problem : problems) std::cerr << problem << "\n";
    return problems.empty() ? 0 : 1;
  }

 private:
  std::unique_ptr<Window> open(const std::string& who, const std::string& picture, const std::string& tone,
                               int x) {
    return std::make_unique<Window>(display_, sotto_,
                                    desktop_test::person_arguments(folder_, who, picture, tone),
                                    folder_.path(), who, x);
  }

  void shot(const std::string& name) { display_.screenshot(out_ + "/" + name + ".png"); }

  void sign_up() {
    const std::string link = proto::to_string(server_.invite(2));
    alice_ = open("alice", "testsrc2=size=1280x720:rate=30", "440", 0);
    bob_ = open("bob", "testsrc=size=1280x720:rate=30", "660", 820);
    desktop_test::create_account(*alice_, link, "alice", "Alice Meyer");
    desktop_test::create_account(*bob_, link, "bob", "Bob Tanaka");
    shot("1-signed-in");
    say("Alice and Bob have made their accounts with an invite link.");
  }

  void chat() {
    desktop_test::write_first(*alice_, "bob", "Hello Bob, can you hear me?");
    desktop_test::open_conversation(*bob_, "alice", "Hello Bob, can you hear me?");
    bob_->type("Loud and clear. Send me the report?");
    bob_->key("Return");
    alice_->wait_prefix("message.", desktop_test::labelled("Loud and clear. Send me the report?"),
                        kPatienceSeconds);
    alice_->wait_prefix(
        "message.", [](const Json& e) { return e.at("value") == "read"; }, kPatienceSeconds);
    shot("2-chat");
    say("They have written to each other, and Bob has read it.");
  }

  void send_file() {
    const std::string path = folder_.file("report.txt");
    std::string content;
    while (content.size() < 3'000'000) content += std::to_string(content.size()) + " lines of a report\n";
    { std::ofstream(path, std::ios::binary) << content; }
    desktop_test::send_file(*alice_, path, "Here it is");
    desktop_test::download_file(*bob_);
    std::ifstream fetched(folder_.file("bob-downloads") + "/report.txt", std::ios::binary);
    if (std::string((std::istreambuf_iterator<char>(fetched)), {}) != content) {
      throw std::runtime_error("the file that arrived is not the one that was sent");
    }
    shot("3-file");
    say("A file of " + std::to_string(content.size() / 1'000'000) + " MB arrived, byte for byte.");
  }

  std::vector<std::string> call() {
    alice_->take_focus();
    alice_->click("header.video_call");
    bob_->wait_for("call.incoming", {}, kPatienceSeconds);
    shot("4-ringing");
    bob_->take_focus();
    bob_->click("call.accept_video");
    for (Window* w : {alice_.get(), bob_.get()}) {
      w->wait_for(
          "call.stage", [](const Json& e) { return e.at("value") == "active"; }, kPatienceSeconds);
      w->wait_for("call.remote_video", {}, kPatienceSeconds);
    }
    say("They are in a call, for " + std::to_string(kCallSeconds) + " seconds.");
    End a{"Alice", {}}, b{"Bob", {}};
    const auto begun = std::chrono::steady_clock::now();
    for (int second = 1; second <= kCallSeconds; ++second) {
      std::this_thread::sleep_until(begun + std::chrono::seconds(second));
      // The first second's rates are of a second that was not whole.
      if (second == 1) continue;
      for (End* end : {&a, &b}) {
        const Json sample = (end == &a ? *alice_ : *bob_).ask({{"q", "call"}}).at("call");
        if (sample.is_object()) end->samples.push_back(sample);
      }
      if (second == kCallSeconds / 2) shot("5-call");
    }
    const Json shown_a = alice_->ask({{"q", "shown"}}), shown_b = bob_->ask({{"q", "shown"}});
    alice_->take_focus();
    alice_->click("call.end");
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    for (Window* w : {alice_.get(), bob_.get()}) w->wait_for("call.ended", {}, kPatienceSeconds);
    shot("6-ended");
    measure_delay(b, "alice", shown_b);
    measure_delay(a, "bob", shown_a);
    const std::string table = table_of(a, b, seconds);
    std::ofstream(out_ + "/call.txt") << table;
    say("\n" + table);
    return problems_of(a, b);
  }

  // Both programs read one clock, and a picture carries one RTP timestamp at both ends.
  void measure_delay(End& end, const std::string& camera, const Json& shown) {
    const auto captured = test::read_timing_log(folder_.file(camera + ".camera.log"));
    if (!captured) return;
    std::vector<test::TimingLine> lines;
    for (const Json& one : shown.at("shown")) {
      lines.push_back(
          {lines.size(), TimePoint(Duration(one.at(1).get<std::int64_t>())), one.at(0).get<std::uint32_t>()});
    }
    const test::LatencyReport report = test::measure_latency(*captured, lines);
    if (report.joined == 0) return;
    end.delay_median_ms = report.median_ms;
    end.delay_p95_ms = report.p95_ms;
  }

  std::string sotto_, out_;
  test::ServerProcess server_;
  desktop_test::Display display_{"1640x820"};
  test::TempDir folder_;
  std::unique_ptr<Window> alice_, bob_;
};

}  // namespace
}  // namespace sotto::demo

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: demo_scene SOTTOD SOTTO FOLDER\n";
    return 2;
  }
  try {
    return sotto::demo::Scene(argv[1], argv[2], argv[3]).play();
  } catch (const std::exception& problem) {
    std::cerr << "The scene broke off: " << problem.what() << "\n";
    return 1;
  }
}
