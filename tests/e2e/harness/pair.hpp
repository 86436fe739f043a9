// Alice and Bob on a server of their own: where most tests begin.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "rpc_client.hpp"
#include "server.hpp"

namespace sotto::e2e {

struct PairTest : testing::Test {
  explicit PairTest(std::vector<std::string> alices_options = {}, std::vector<std::string> bobs_options = {})
      : alice("alice", std::move(alices_options)), bob("bob", std::move(bobs_options)) {}

  Server server;
  RpcClient alice;
  RpcClient bob;
  std::string conversation;  // the same id on both sides

  void SetUp() override {
    const std::string link = server.invite(2);
    for (RpcClient* client : {&alice, &bob}) {
      client->start();
      client->register_account(link);
    }
    conversation = alice.conversation_with("bob");
    EXPECT_EQ(bob.conversation_with("alice"), conversation);
  }
};

}  // namespace sotto::e2e
