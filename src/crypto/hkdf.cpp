#include "sotto/crypto/hkdf.hpp"

#include <algorithm>
#include <stdexcept>

namespace sotto::crypto {
namespace {

SecretBytes secret_hmac(HashAlgorithm algorithm, ByteView key, ByteView data) {
  Bytes tag = hmac(algorithm, key, data);
  SecretBytes secret{ByteView(tag)};
  secure_wipe(tag.data(), tag.size());
  return secret;
}

}  // namespace

// HMAC pads its key with zeros, so an empty salt already is the RFC's string of zeros.
SecretBytes hkdf_extract(HashAlgorithm algorithm, ByteView salt, ByteView input_key) {
  return secret_hmac(algorithm, salt, input_key);
}

SecretBytes hkdf_expand(HashAlgorithm algorithm, ByteView pseudo_random_key, ByteView info,
                        std::size_t size) {
  if (size > hkdf_max_size(algorithm)) throw std::length_error("hkdf_expand: more than 255 blocks");

  const std::size_t block = hash_size(algorithm);
  SecretBytes out(size);
  // previous block (none at first) || info || counter
  SecretBytes input(block + info.size() + 1);
  std::ranges::copy(info, input.data() + block);
  std::uint8_t counter = 0;
  for (std::size_t done = 0; done < size; done += block) {
    input.data()[input.size() - 1] = ++counter;
    const ByteView message = counter == 1 ? input.view().subspan(block) : input.view();
    const SecretBytes next = secret_hmac(algorithm, pseudo_random_key, message);
    std::ranges::copy(next.view(), input.data());
    std::copy_n(next.data(), std::min(block, size - done), out.data() + done);
  }
  return out;
}

SecretBytes hkdf(HashAlgorithm algorithm, ByteView salt, ByteView input_key, ByteView info,
                 std::size_t size) {
  return hkdf_expand(algorithm, hkdf_extract(algorithm, salt, input_key).view(), info, size);
}

}  // namespace sotto::crypto
