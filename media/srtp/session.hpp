// The one place that knows libsrtp's session and policy.
#pragma once

#include <srtp2/srtp.h>

#include <memory>

#include "sotto/base/bytes.hpp"
#include "sotto/base/result.hpp"

namespace sotto::srtp {

struct SrtpDeleter {
  void operator()(srtp_t session) const { srtp_dealloc(session); }
};
using SrtpHandle = std::unique_ptr<srtp_ctx_t_, SrtpDeleter>;

Result<SrtpHandle> make_session(ByteView key, ByteView salt, srtp_ssrc_type_t direction);

}  // namespace sotto::srtp
