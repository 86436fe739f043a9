#include "srtp/session.hpp"

#include "sotto/base/secret_bytes.hpp"
#include "sotto/srtp/srtp.hpp"

namespace sotto::srtp {

Result<SrtpHandle> make_session(ByteView key, ByteView salt, srtp_ssrc_type_t direction) {
  if (key.size() != kKeyBytes || salt.size() != kSaltBytes) {
    return fail(ErrorCode::invalid_argument, "an SRTP key or salt has the wrong length");
  }
  // libsrtp's tables; never shut down, as other sessions may live.
  static const srtp_err_status_t initialised = srtp_init();
  if (initialised != srtp_err_status_ok) return fail(ErrorCode::unavailable, "libsrtp could not start");

  SecretBytes master(kKeyBytes + kSaltBytes);  // libsrtp wants both in one piece (RFC 7714 section 12)
  std::copy(key.begin(), key.end(), master.data());
  std::copy(salt.begin(), salt.end(), master.data() + kKeyBytes);

  srtp_policy_t policy{};
  srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
  srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
  policy.ssrc.type = direction;
  policy.key = master.data();
  policy.window_size = kReplayWindow;
  policy.allow_repeat_tx = 0;
  srtp_t session = nullptr;
  if (srtp_create(&session, &policy) != srtp_err_status_ok) {
    return fail(ErrorCode::unavailable, "libsrtp refused AEAD_AES_256_GCM");
  }
  return SrtpHandle(session);
}

}  // namespace sotto::srtp
