#include <openssl/x509_vfy.h>

#include "openssl/x509.hpp"
#include "sotto/crypto/certificate.hpp"

namespace sotto::crypto {
namespace {

using Store = openssl::Owned<X509_STORE, X509_STORE_free>;
using StoreCtx = openssl::Owned<X509_STORE_CTX, X509_STORE_CTX_free>;

// Frees the list, not the certificates in it: their handles own those.
struct FreeList {
  void operator()(STACK_OF(X509) * list) const { sk_X509_free(list); }
};
using List = std::unique_ptr<STACK_OF(X509), FreeList>;

constexpr int kSecurityLevel = 2;  // 112 bits: no SHA-1 signature, no short RSA key

Error untrusted(std::string why) {
  return fail(ErrorCode::untrusted, "the certificate is not trusted: " + std::move(why));
}

// Whether OpenSSL built the path from just these, in this order. Without this a leaf that the anchor issued
// directly would pass beside any intermediate, and borrow that intermediate's name.
bool is_exact_path(STACK_OF(X509) * path, const Certificate& leaf, std::span<const Certificate> intermediates,
                   const Certificate& anchor) {
  if (sk_X509_num(path) != static_cast<int>(intermediates.size()) + 2) return false;
  const auto same = [path](int index, const Certificate& certificate) {
    return X509_cmp(sk_X509_value(path, index), certificate.handle().x509.get()) == 0;
  };
  int index = 0;
  if (!same(index++, leaf)) return false;
  for (const Certificate& intermediate : intermediates) {
    if (!same(index++, intermediate)) return false;
  }
  return same(index, anchor);
}

// OpenSSL lets a leaf without extendedKeyUsage serve any purpose; we do not.
Status check_purpose(const Certificate& leaf, CertificatePurpose purpose) {
  switch (purpose) {
    case CertificatePurpose::client:
      if (!leaf.allows_client_auth()) return untrusted("it is not for clients");
      break;
    case CertificatePurpose::server:
      if (!leaf.allows_server_auth()) return untrusted("it is not for servers");
      break;
    case CertificatePurpose::authority:
      if (!leaf.is_ca()) return untrusted("it may not issue others");
      break;
  }
  return ok_status();
}

bool set_purpose(X509_STORE_CTX* ctx, CertificatePurpose purpose) {
  switch (purpose) {
    case CertificatePurpose::client: return X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT) == 1;
    case CertificatePurpose::server: return X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) == 1;
    case CertificatePurpose::authority: break;
  }
  return true;
}

}  // namespace

Status verify_chain(const Certificate& leaf, std::span<const Certificate> intermediates,
                    const Certificate& anchor, WallTime now, CertificatePurpose purpose) {
  if (intermediates.size() > kMaxIntermediates) return untrusted("the chain is too long");
  if (Status fits = check_purpose(leaf, purpose); !fits) return fits;

  const openssl::ErrorScope errors;
  const Store store(X509_STORE_new());
  const StoreCtx ctx(X509_STORE_CTX_new());
  const List untrusted_list(sk_X509_new_null());
  openssl::require(
      store && ctx && untrusted_list && X509_STORE_add_cert(store.get(), anchor.handle().x509.get()) == 1,
      "a certificate store");
  for (const Certificate& intermediate : intermediates) {
    openssl::require(sk_X509_push(untrusted_list.get(), intermediate.handle().x509.get()) > 0, "a list");
  }
  openssl::require(
      X509_STORE_CTX_init(ctx.get(), store.get(), leaf.handle().x509.get(), untrusted_list.get()) == 1 &&
          set_purpose(ctx.get(), purpose),
      "a verification");
  X509_VERIFY_PARAM* params = X509_STORE_CTX_get0_param(ctx.get());
  X509_VERIFY_PARAM_set_flags(params, X509_V_FLAG_X509_STRICT);
  X509_VERIFY_PARAM_set_auth_level(params, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(params, static_cast<int>(intermediates.size()));
  // Rounded towards the past before 1970, too: a certificate is never valid early.
  X509_VERIFY_PARAM_set_time(params, now.ms >= 0 ? now.ms / 1000 : (now.ms - 999) / 1000);

  if (X509_verify_cert(ctx.get()) != 1) {
    return untrusted(X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx.get())));
  }
  if (!is_exact_path(X509_STORE_CTX_get0_chain(ctx.get()), leaf, intermediates, anchor)) {
    return untrusted("its chain is another one than was shown");
  }
  return ok_status();
}

}  // namespace sotto::crypto
