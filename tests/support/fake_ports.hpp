// The world of a server core in memory: connections are lists of frames, work elsewhere waits until run().
//
//   FakePorts world;
//   Core core(config, world, random, world.moment);
//   core.on_bytes(1, frame, world.moment);
//   world.run(core);                                // store, passwords and blobs do what is queued
//   world.take(1)                                   // what connection 1 was sent
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sotto/proto/channel.hpp"
#include "sotto/proto/frame.hpp"
#include "sotto/server/core.hpp"
#include "support/fake_server_store.hpp"

namespace sotto::test {

class FakePorts final : public server::Ports, private server::BlobPort {
 public:
  struct Line {
    std::vector<proto::Envelope> urgent;
    std::vector<proto::Envelope> bulk;
    bool closed = false;
    bool paused = false;
    server::Queued queued;  // for the test to set
  };

  FakeServerStore records;
  server::Moment moment{TimePoint(std::chrono::hours(1)), WallTime{1'800'000'000'000}};
  std::map<server::ConnectionId, Line> lines;
  bool hold_store = false;
  bool hold_passwords = false;
  bool hold_blobs = false;
  bool blobs_full = false;
  bool syncs_fail = false;
  std::map<BlobId, std::string> files;
  std::size_t hashes = 0;  // password work done

  void advance(Duration by) {
    moment.now += by;
    moment.wall.ms += by / std::chrono::milliseconds(1);
  }

  // Does what is queued, and what follows from it. Everything waiting for the store shares a transaction.
  void run(server::Core& core) {
    while (true) {
      core.end_turn();
      if (!hold_store && !tasks_.empty()) {
        std::deque<store::StoreTask> tasks = std::move(tasks_);
        tasks_.clear();
        std::vector<store::StoreTask*> batch;
        for (store::StoreTask& task : tasks) batch.push_back(&task);
        store::run_batch(records, batch);
        for (store::StoreTask& task : tasks) {
          core.advance(moment);
          task.done();
        }
      } else if (!hold_passwords && !passwords_.empty()) {
        run_one(core, passwords_);
      } else if (!hold_blobs && !jobs_.empty()) {
        run_one(core, jobs_);
      } else {
        return;
      }
    }
  }
  std::size_t waiting_tasks() const { return tasks_.size(); }
  std::size_t waiting_passwords() const { return passwords_.size(); }

  // What was sent since the last time, urgent things first.
  std::vector<proto::Envelope> take(server::ConnectionId connection) {
    Line& line = lines[connection];
    std::vector<proto::Envelope> all = std::exchange(line.urgent, {});
    for (proto::Envelope& one : line.bulk) all.push_back(std::move(one));
    line.bulk.clear();
    return all;
  }

 private:
  using Job = std::function<void()>;
  void run_one(server::Core& core, std::deque<Job>& queue) {
    const Job job = std::move(queue.front());
    queue.pop_front();
    core.advance(moment);
    job();
  }

  void send(server::ConnectionId connection, Bytes frame, server::Priority priority) override {
    Line& line = lines[connection];
    const Result<proto::Envelope> envelope =
        proto::parse_envelope(ByteView(frame).subspan(proto::kFrameHeaderBytes));
    (priority == server::Priority::bulk ? line.bulk : line.urgent).push_back(*envelope);
  }
  void close(server::ConnectionId connection) override { lines[connection].closed = true; }
  void pause_reading(server::ConnectionId connection) override { lines[connection].paused = true; }
  void resume_reading(server::ConnectionId connection) override { lines[connection].paused = false; }
  server::Queued queued(server::ConnectionId connection) override { return lines[connection].queued; }
  void store(store::StoreTask task) override { tasks_.push_back(std::move(task)); }

  // "hash" of a password is the password with a mark.
  void hash_password(SecretBytes password, std::function<void(Result<std::string>)> then) override {
    passwords_.push_back([this, phc = "hash:" + to_string(password.view()), then = std::move(then)] {
      ++hashes;
      then(phc);
    });
  }
  void verify_password(SecretBytes password, std::string phc, std::function<void(bool)> then) override {
    passwords_.push_back([this, right = phc == "hash:" + to_string(password.view()), then = std::move(then)] {
      ++hashes;
      then(right);
    });
  }

  server::BlobPort& blobs() override { return *this; }
  void prepare(BlobId blob, std::uint64_t size, Done then) override {
    jobs_.push_back([this, blob, size, then = std::move(then)] {
      if (size == 0) files.try_emplace(blob);
      const auto file = files.find(blob);
      if (file == files.end() || file->second.size() < size)
        return then(fail(ErrorCode::not_found, "No such file."));
      file->second.resize(size);
      then(ok_status());
    });
  }
  void write(BlobId blob, std::uint64_t offset, OwnedView data, Done then) override {
    jobs_.push_back([this, blob, offset, data = to_string(data.view), then = std::move(then)] {
      std::string& file = files[blob];
      if (blobs_full) return then(fail(ErrorCode::storage, "The server's disk is full."));
      if (file.size() != offset) return then(fail(ErrorCode::conflict, "Not at the end."));
      file += data;
      then(ok_status());
    });
  }
  void sync(BlobId, Done then) override {
    jobs_.push_back([this, then = std::move(then)] {
      then(syncs_fail ? Status(fail(ErrorCode::storage, "The server's disk reported an error."))
                      : ok_status());
    });
  }
  void read(BlobId blob, std::uint64_t offset, std::uint32_t length, Bytes head, Read then) override {
    jobs_.push_back([this, blob, offset, length, head = std::move(head), then = std::move(then)] {
      const auto file = files.find(blob);
      if (file == files.end()) return then(fail(ErrorCode::not_found, "No such file."));
      Bytes out = head;
      append(out, as_bytes(file->second.substr(std::min<std::size_t>(offset, file->second.size()), length)));
      then(std::move(out));
    });
  }
  void remove(BlobId blob) override {
    jobs_.push_back([this, blob] { files.erase(blob); });
  }

  std::deque<store::StoreTask> tasks_;
  std::deque<Job> passwords_;
  std::deque<Job> jobs_;
};

}  // namespace sotto::test
