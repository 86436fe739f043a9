#include "sotto/wire/reader.hpp"

#include <gtest/gtest.h>

namespace sotto::wire {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

TEST(Reader, integers_are_big_endian) {
  const Bytes input = hex("0102030405060708090a0b0c0d0e0f");
  Reader in(input);
  EXPECT_EQ(in.u8(), 0x01);
  EXPECT_EQ(in.u16(), 0x0203);
  EXPECT_EQ(in.u32(), 0x04050607U);
  EXPECT_EQ(in.u64(), 0x08090a0b0c0d0e0fULL);
  EXPECT_TRUE(in.finish().ok());
}

TEST(Reader, the_first_problem_sticks_and_later_reads_give_nothing) {
  const Bytes input = hex("01");
  Reader in(input);
  EXPECT_EQ(in.u16(), 0);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0);  // the byte is there, but the reader has failed
  EXPECT_TRUE(in.opaque(10).empty());
  EXPECT_TRUE(in.at_end());
  in.fail("another problem");
  EXPECT_EQ(in.finish().error().message, "the data ends too early");
}

TEST(Reader, varints_of_every_size_are_read) {
  const std::pair<const char*, std::uint32_t> cases[] = {
      {"00", 0},
      {"25", 37},
      {"3f", 63},
      {"4040", 64},
      {"7bbd", 15293},
      {"7fff", 16383},
      {"80004000", 16384},
      {"9d7f3e7d", 494878333},
      {"bfffffff", kMaxVarint},
  };
  for (const auto& [text, value] : cases) {
    const Bytes input = hex(text);
    Reader in(input);
    EXPECT_EQ(in.varint(), value) << text;
    EXPECT_TRUE(in.finish().ok()) << text;
  }
}

TEST(Reader, varints_that_are_not_shortest_or_reserved_are_refused) {
  for (const char* text :
       {"4000", "403f", "80000000", "80003fff", "c000000000000000", "ff", "40", "800040", ""}) {
    const Bytes input = hex(text);
    Reader in(input);
    EXPECT_EQ(in.varint(), 0U) << text;
    EXPECT_FALSE(in.ok()) << text;
  }
}

TEST(Reader, a_vector_longer_than_the_input_or_the_limit_is_refused) {
  const Bytes lying = hex("bfffffff00");
  Reader in(lying);
  EXPECT_TRUE(in.opaque(kMaxVarint).empty());
  EXPECT_FALSE(in.ok());

  const Bytes honest = hex("03010203");
  Reader limited(honest);
  EXPECT_TRUE(limited.opaque(2).empty());
  EXPECT_EQ(limited.status().error().message, "a vector is longer than allowed");
  Reader allowed(honest);
  EXPECT_EQ(to_hex(allowed.opaque(3)), "010203");
}

TEST(Reader, every_prefix_kind_is_read) {
  const Bytes input =
      hex("01aa"
          "0001bb"
          "00000001cc"
          "01dd");
  Reader in(input);
  EXPECT_EQ(to_hex(in.opaque(9, Prefix::u8)), "aa");
  EXPECT_EQ(to_hex(in.opaque(9, Prefix::u16)), "bb");
  EXPECT_EQ(to_hex(in.opaque(9, Prefix::u32)), "cc");
  EXPECT_EQ(to_hex(in.opaque(9)), "dd");
  EXPECT_TRUE(in.finish().ok());
}

TEST(Reader, a_nested_vector_must_be_consumed_and_passes_its_failure_on) {
  const Bytes input = hex("0201020304");
  Reader lazy(input);
  lazy.vector(10, [](Reader& r) { r.u8(); });
  EXPECT_EQ(lazy.status().error().message, "bytes are left over inside a vector");

  Reader greedy(input);
  greedy.vector(10, [](Reader& r) { r.u32(); });  // four bytes follow, but only two are inside
  EXPECT_FALSE(greedy.ok());

  Reader right(input);
  right.vector(10, [](Reader& r) { EXPECT_EQ(r.u16(), 0x0102); });
  EXPECT_EQ(right.u16(), 0x0304);
  EXPECT_TRUE(right.finish().ok());
}

TEST(Reader, a_list_counts_its_elements) {
  const Bytes input = hex("06000100020003");
  const auto u16 = [](Reader& r) { return r.u16(); };
  Reader in(input);
  EXPECT_EQ(in.list(100, 3, u16), (std::vector<std::uint16_t>{1, 2, 3}));
  EXPECT_TRUE(in.finish().ok());
  Reader limited(input);
  EXPECT_TRUE(limited.list(100, 2, u16).empty());
  EXPECT_FALSE(limited.ok());
}

TEST(Reader, a_list_of_empty_elements_ends) {
  const Bytes input = hex("0101");
  Reader in(input);
  in.list(10, 1'000'000'000, [](Reader&) { return 0; });
  EXPECT_FALSE(in.ok());
}

TEST(Reader, optional_accepts_only_zero_and_one) {
  const auto u8 = [](Reader& r) { return r.u8(); };
  const Bytes absent = hex("00");
  const Bytes present = hex("0107");
  const Bytes neither = hex("0207");
  Reader a(absent);
  EXPECT_EQ(a.optional(u8), std::nullopt);
  EXPECT_TRUE(a.finish().ok());
  Reader p(present);
  EXPECT_EQ(p.optional(u8), 7);
  EXPECT_TRUE(p.finish().ok());
  Reader n(neither);
  EXPECT_EQ(n.optional(u8), std::nullopt);
  EXPECT_FALSE(n.ok());
}

TEST(Reader, bytes_left_over_are_refused) {
  const Bytes input = hex("0102");
  Reader in(input);
  in.u8();
  EXPECT_EQ(in.finish().error().message, "bytes are left over at the end");
}

TEST(Reader, the_bytes_since_an_offset_can_be_taken_for_hashing) {
  const Bytes input = hex("010203040506");
  Reader in(input);
  in.u8();
  const std::size_t start = in.offset();
  in.u16();
  EXPECT_EQ(to_hex(in.since(start)), "0203");
  in.fixed(99);
  EXPECT_TRUE(in.since(start).empty());
}

TEST(Reader, an_empty_input_reads_as_nothing) {
  Reader in(ByteView{});
  EXPECT_TRUE(in.rest().empty());
  EXPECT_TRUE(in.fixed(0).empty());
  EXPECT_TRUE(in.finish().ok());
}

}  // namespace
}  // namespace sotto::wire
