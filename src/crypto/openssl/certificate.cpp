#include "sotto/crypto/certificate.hpp"

#include <openssl/pem.h>

#include <ctime>
#include <utility>

#include "openssl/x509.hpp"

namespace sotto::crypto {
namespace {

Error malformed(std::string what) {
  return fail(ErrorCode::invalid_argument, "a certificate " + std::move(what));
}

std::string text_of(const ASN1_STRING* text) {
  return to_string(ByteView(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))));
}

// The one commonName; two would let two readers see two different subjects.
std::string single_common_name(const X509_NAME* name) {
  const int first = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, first) >= 0) return {};
  std::uint8_t* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
  if (size < 0) return {};
  std::string out = to_string(ByteView(utf8, static_cast<std::size_t>(size)));
  OPENSSL_free(utf8);
  return out;
}

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime{static_cast<std::int64_t>(timegm(&parts)) * 1000};
}

Status read_alternative_names(CertificateHandle& out) {
  int critical = 0;
  const openssl::GeneralNames names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(out.x509.get(), NID_subject_alt_name, &critical, nullptr)));
  if (!names) {
    if (critical != -1) return malformed("has an unreadable or repeated list of names");
    return ok_status();
  }
  const int count = sk_GENERAL_NAME_num(names.get());
  if (static_cast<std::size_t>(count) > kMaxAlternativeNames) return malformed("has too many names");
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) {
      out.uri_names.push_back(text_of(name->d.uniformResourceIdentifier));
    } else if (name->type == GEN_DNS) {
      out.dns_names.push_back(text_of(name->d.dNSName));
    } else {
      ++out.other_names;
    }
  }
  return ok_status();
}

Status read_key(CertificateHandle& out) {
  out.spki_fingerprint = sha256(openssl::to_der<i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(out.x509.get())));
  const EVP_PKEY* key = X509_get0_pubkey(out.x509.get());
  if (key == nullptr) return malformed("has an unreadable public key");
  if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    Bytes raw(32);
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key, raw.data(), &size) != 1 || size != raw.size()) {
      return malformed("has an unreadable public key");
    }
    out.ed25519_key = std::move(raw);
  }
  return ok_status();
}

Status read_fields(CertificateHandle& out) {
  X509* x509 = out.x509.get();
  // Reads all extensions into the object and says whether one is malformed or there twice.
  if (X509_check_purpose(x509, -1, 0) != 1 || (X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0) {
    return malformed("has malformed extensions");
  }
  out.common_name = single_common_name(X509_get_subject_name(x509));
  out.issuer_common_name = single_common_name(X509_get_issuer_name(x509));

  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
  out.serial.assign(ASN1_STRING_get0_data(serial),
                    ASN1_STRING_get0_data(serial) + ASN1_STRING_length(serial));

  const auto not_before = wall_time(X509_get0_notBefore(x509));
  const auto not_after = wall_time(X509_get0_notAfter(x509));
  if (!not_before || !not_after) return malformed("has an unreadable validity");
  out.not_before = *not_before;
  out.not_after = *not_after;

  const std::uint32_t flags = X509_get_extension_flags(x509);
  out.is_ca = (flags & EXFLAG_CA) != 0;
  if (const long length = X509_get_pathlen(x509); length >= 0) out.path_length = static_cast<int>(length);
  if ((flags & EXFLAG_XKUSAGE) != 0) {
    const std::uint32_t usage = X509_get_extended_key_usage(x509);
    out.client_auth = (usage & XKU_SSL_CLIENT) != 0;
    out.server_auth = (usage & XKU_SSL_SERVER) != 0;
  }
  if (Status names = read_alternative_names(out); !names) return names;
  return read_key(out);
}

}  // namespace

Result<Certificate> Certificate::from_der(ByteView der) {
  if (der.size() > kMaxCertificateSize) return fail(ErrorCode::too_large, "a certificate is over 16 KiB");
  const openssl::ErrorScope errors;
  auto handle = std::make_shared<CertificateHandle>();
  const std::uint8_t* next = der.data();
  handle->x509.reset(d2i_X509(nullptr, &next, static_cast<long>(der.size())));
  if (!handle->x509) return malformed("cannot be read");
  // Also refuses bytes after the end, and encodings that are not DER: one certificate, one spelling.
  handle->der = openssl::to_der<i2d_X509>(handle->x509.get());
  if (!equal(handle->der, der)) return malformed("is not in DER");
  if (Status read = read_fields(*handle); !read) return std::move(read).error();
  return Certificate(std::move(handle));
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  if (pem.size() > 4 * kMaxCertificateSize)
    return fail(ErrorCode::too_large, "a certificate file is too large");
  if (pem.empty()) return malformed("file is empty");
  const openssl::ErrorScope errors;
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  openssl::require(bio != nullptr, "memory for a certificate");
  const openssl::Cert x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!x509) return malformed("cannot be read");
  return from_der(openssl::to_der<i2d_X509>(x509.get()));
}

const Bytes& Certificate::der() const { return handle_->der; }

std::string Certificate::to_pem() const {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  openssl::require(bio && PEM_write_bio_X509(bio.get(), handle_->x509.get()) == 1, "writing a certificate");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

const std::string& Certificate::common_name() const { return handle_->common_name; }
const std::string& Certificate::issuer_common_name() const { return handle_->issuer_common_name; }
const std::vector<std::string>& Certificate::uri_names() const { return handle_->uri_names; }
const std::vector<std::string>& Certificate::dns_names() const { return handle_->dns_names; }
std::size_t Certificate::other_name_count() const { return handle_->other_names; }
const std::optional<Bytes>& Certificate::ed25519_key() const { return handle_->ed25519_key; }
Sha256Digest Certificate::spki_fingerprint() const { return handle_->spki_fingerprint; }
const Bytes& Certificate::serial() const { return handle_->serial; }
WallTime Certificate::not_before() const { return handle_->not_before; }
WallTime Certificate::not_after() const { return handle_->not_after; }
bool Certificate::is_ca() const { return handle_->is_ca; }
std::optional<int> Certificate::path_length() const { return handle_->path_length; }
bool Certificate::allows_client_auth() const { return handle_->client_auth; }
bool Certificate::allows_server_auth() const { return handle_->server_auth; }

}  // namespace sotto::crypto
