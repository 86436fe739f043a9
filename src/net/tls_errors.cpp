#include <openssl/err.h>
#include <openssl/sslerr.h>

#include "tls_internal.hpp"

namespace sotto::net {

TlsError take_tls_error() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return {"the connection failed"};
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_HTTP_REQUEST: return {"the other side does not speak TLS 1.3"};
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE: return {"the two sides have no encryption method in common"};
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: return {"the other side does not speak our protocol"};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return {"the other side says that our certificate is revoked", true};
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED: return {"the other side refused our certificate", true};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return {"the other side says that our certificate has expired", true};
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return {"the other side wants a certificate", true};
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_SSLV3_ALERT_BAD_RECORD_MAC:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR: return {"a record was damaged or forged on the way"};
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return {"the other side's certificate was refused"};
    default: break;
  }
  const char* reason = ERR_reason_error_string(error);
  return {std::string("TLS refused the connection: ") + (reason ? reason : "unknown reason")};
}

}  // namespace sotto::net
