#include "sotto/wire/writer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sotto::wire {
namespace {

TEST(Writer, writes_what_the_reader_reads) {
  Writer out;
  out.u8(1);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090a0b0c0d0e0fULL);
  out.opaque(as_bytes("hi"), Prefix::u16);
  out.optional(std::optional<int>(7), [](Writer& w, int v) { w.u8(static_cast<std::uint8_t>(v)); });
  out.optional(std::optional<int>(), [](Writer& w, int v) { w.u8(static_cast<std::uint8_t>(v)); });
  EXPECT_EQ(to_hex(std::move(out).take()),
            "0102030405060708090a0b0c0d0e0f000268690107"
            "00");
}

TEST(Writer, varints_are_shortest_on_both_sides_of_each_boundary) {
  const std::pair<std::size_t, const char*> cases[] = {
      {0, "00"}, {63, "3f"}, {64, "4040"}, {16383, "7fff"}, {16384, "80004000"}, {kMaxVarint, "bfffffff"},
  };
  for (const auto& [value, text] : cases) {
    Writer out;
    out.varint(value);
    EXPECT_EQ(to_hex(out.view()), text);
  }
}

TEST(Writer, nested_vectors_of_every_header_size_round_trip) {
  for (const std::size_t size : {0U, 1U, 62U, 63U, 64U, 16382U, 16383U, 16384U, 100000U}) {
    const Bytes content(size, 0x5a);
    Writer out;
    out.vector([&](Writer& w) {
      w.u8(1);
      w.vector([&](Writer& inner) { inner.fixed(content); });
    });
    out.u8(2);

    Reader in(out.view());
    in.vector(1 << 20, [&](Reader& r) {
      EXPECT_EQ(r.u8(), 1);
      EXPECT_TRUE(equal(r.opaque(1 << 20), content));
    });
    EXPECT_EQ(in.u8(), 2);
    EXPECT_TRUE(in.finish().ok()) << size;
  }
}

TEST(Writer, lists_of_elements_round_trip) {
  const std::vector<std::uint32_t> values{1, 2, 0xFFFFFFFF};
  Writer out;
  out.list(
      values, [](Writer& w, std::uint32_t v) { w.u32(v); }, Prefix::u16);
  Reader in(out.view());
  EXPECT_EQ(in.list(
                100, 10, [](Reader& r) { return r.u32(); }, Prefix::u16),
            values);
  EXPECT_TRUE(in.finish().ok());
}

TEST(Writer, a_value_that_does_not_fit_its_prefix_throws) {
  Writer out;
  EXPECT_THROW(out.opaque(Bytes(256), Prefix::u8), std::length_error);
  EXPECT_THROW(out.vector([](Writer& w) { w.fixed(Bytes(65536)); }, Prefix::u16), std::length_error);
  EXPECT_THROW(out.varint(std::size_t{kMaxVarint} + 1), std::length_error);
}

TEST(Writer, a_secret_writer_grows_and_gives_the_same_bytes) {
  Writer plain;
  Writer secret = Writer::secret(1);
  for (Writer* out : {&plain, &secret}) {
    for (int i = 0; i < 100; ++i) {
      out->vector([&](Writer& w) { w.opaque(Bytes(static_cast<std::size_t>(i), 0x42)); });
    }
  }
  const SecretBytes taken = std::move(secret).take_secret();
  EXPECT_TRUE(equal(taken.view(), plain.view()));
}

}  // namespace
}  // namespace sotto::wire
