// Groups of 2 to 200 members under everything that happens to them.
//
// Longer, or again with what failed:
//   SOTTO_MLS_SIM_SEED=7 SOTTO_MLS_SIM_CLIENTS=30 SOTTO_MLS_SIM_STEPS=5000 mls_sim --gtest_filter='*chosen*'
// SOTTO_MLS_SIM_SEEDS runs that many seeds from there; SOTTO_MLS_SIM_TRACE tells what happens.
#include <gtest/gtest.h>

#include <cstdlib>

#include "world.hpp"

namespace sotto::mls::sim {
namespace {

void run(const Options& options) {
  World world(options);
  try {
    world.run();
  } catch (const std::exception& failure) {
    ADD_FAILURE() << failure.what() << "\nafter " << world.counts().operations << " operations; again with:"
                  << "\n  SOTTO_MLS_SIM_SEED=" << options.seed << " SOTTO_MLS_SIM_CLIENTS=" << options.clients
                  << " SOTTO_MLS_SIM_FOUNDERS=" << options.founders
                  << " SOTTO_MLS_SIM_STEPS=" << options.steps << " mls_sim --gtest_filter='*chosen*'";
  }
  const Counts& c = world.counts();
  std::printf(
      "seed %llu: %zu operations, up to %zu members; %zu commits (%zu lost), %zu proposals, %zu joins, %zu "
      "from outside, "
      "%zu messages read %zu times, %zu refusals, %zu crashes (%zu cut writes), %zu trees compared\n",
      static_cast<unsigned long long>(options.seed), c.operations, c.largest, c.commits, c.lost_commits,
      c.proposals, c.joins, c.external_joins, c.messages, c.readings, c.refused, c.crashes, c.cut_writes,
      c.checked_trees);
}

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class SmallGroups : public testing::TestWithParam<std::uint64_t> {};
TEST_P(SmallGroups, of_up_to_30_members_converge) { run({.seed = GetParam(), .clients = 30, .steps = 500}); }
INSTANTIATE_TEST_SUITE_P(Seeds, SmallGroups, testing::Range<std::uint64_t>(1, 8));

class Handfuls : public testing::TestWithParam<std::uint64_t> {};
TEST_P(Handfuls, of_a_few_members_converge) { run({.seed = GetParam(), .clients = 5, .steps = 600}); }
INSTANTIATE_TEST_SUITE_P(Seeds, Handfuls, testing::Range<std::uint64_t>(101, 111));

TEST(LargeGroup, of_200_members_converges) {
  run({.seed = 200, .clients = 210, .founders = 200, .steps = 60});
}

TEST(Simulation, runs_as_chosen_by_the_environment) {
  if (std::getenv("SOTTO_MLS_SIM_SEED") == nullptr) GTEST_SKIP() << "SOTTO_MLS_SIM_SEED is not set";
  const std::uint64_t first = setting("SOTTO_MLS_SIM_SEED", 1);
  for (std::uint64_t i = 0; i < setting("SOTTO_MLS_SIM_SEEDS", 1) && !testing::Test::HasFailure(); ++i) {
    run({.seed = first + i,
         .clients = setting("SOTTO_MLS_SIM_CLIENTS", 30),
         .founders = setting("SOTTO_MLS_SIM_FOUNDERS", 2),
         .steps = setting("SOTTO_MLS_SIM_STEPS", 2000),
         .trace = std::getenv("SOTTO_MLS_SIM_TRACE") != nullptr});
  }
}

}  // namespace
}  // namespace sotto::mls::sim
