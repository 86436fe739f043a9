// Alice and Bob on a server of their own: where most tests begin.
#pragma once

#include <gtest/gtest.h>

#include "rpc_client.hpp"
#include "server.hpp"

namespace sotto::e2e {

struct PairTest : testing::Test {
  Server server;
  RpcClient alice{"alice"};
  RpcClient bob{"bob"};
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
