#include "sotto/base/time.hpp"

#include <gtest/gtest.h>

namespace sotto {
namespace {

TEST(Rfc3339, writes_utc_with_milliseconds) {
  EXPECT_EQ(to_rfc3339(WallTime{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(WallTime{1'795'270'002'125}), "2026-11-21T14:06:42.125Z");
}

TEST(Rfc3339, survives_the_round_trip_beyond_2038_and_before_1970) {
  for (const std::int64_t ms : {-1LL, 0LL, 951'782'400'000LL, 4'294'967'296'001LL}) {
    EXPECT_EQ(wall_time_from_rfc3339(to_rfc3339(WallTime{ms})), WallTime{ms});
  }
}

TEST(Rfc3339, refuses_what_is_no_date) {
  EXPECT_EQ(wall_time_from_rfc3339("2026-02-30T00:00:00.000Z"), std::nullopt);
  EXPECT_EQ(wall_time_from_rfc3339("2026-02-03T24:00:00.000Z"), std::nullopt);
  EXPECT_EQ(wall_time_from_rfc3339("2026-02-03 00:00:00.000Z"), std::nullopt);
  EXPECT_EQ(wall_time_from_rfc3339(""), std::nullopt);
}

}  // namespace
}  // namespace sotto
