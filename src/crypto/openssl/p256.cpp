#include "openssl/p256.hpp"

#include <openssl/obj_mac.h>

namespace sotto::crypto::openssl {
namespace {

const EC_GROUP* group() {
  static const EC_GROUP* const p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  require(p256 != nullptr, "the curve P-256");
  return p256;
}

BnCtx secure_context() {
  BnCtx ctx(BN_CTX_secure_new());
  require(ctx != nullptr, "memory for big numbers");
  return ctx;
}

}  // namespace

Bignum p256_scalar(ByteView bytes) {
  if (bytes.size() != kP256ScalarSize) return nullptr;
  Bignum scalar(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  require(scalar != nullptr, "memory for big numbers");
  BN_set_flags(scalar.get(), BN_FLG_CONSTTIME);
  if (BN_is_zero(scalar.get()) || BN_cmp(scalar.get(), EC_GROUP_get0_order(group())) >= 0) return nullptr;
  return scalar;
}

Bytes p256_public(const BIGNUM* scalar) {
  const BnCtx ctx = secure_context();
  const Point point(EC_POINT_new(group()));
  Bytes out(kP256PointSize);
  require(point && EC_POINT_mul(group(), point.get(), scalar, nullptr, nullptr, ctx.get()) == 1 &&
              EC_POINT_point2oct(group(), point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                                 ctx.get()) == out.size(),
          "a P-256 public key");
  return out;
}

Point p256_point(ByteView bytes) {
  // 0x04 alone: no compressed or hybrid form, no infinity.
  if (bytes.size() != kP256PointSize || bytes[0] != POINT_CONVERSION_UNCOMPRESSED) return nullptr;
  const ErrorScope errors;
  Point point(EC_POINT_new(group()));
  require(point != nullptr, "memory for a point");
  // Checks that the coordinates are reduced and on the curve; the group has prime order, so that is all.
  if (EC_POINT_oct2point(group(), point.get(), bytes.data(), bytes.size(), nullptr) != 1) return nullptr;
  return point;
}

SecretBytes p256_agree(const BIGNUM* scalar, const EC_POINT* point) {
  const BnCtx ctx = secure_context();
  const Point product(EC_POINT_new(group()));
  const Bignum x(BN_secure_new());
  SecretBytes out(kP256ScalarSize);
  // The product is never infinity: the scalar is below the prime order, the point not infinity.
  require(product && x && EC_POINT_mul(group(), product.get(), nullptr, point, scalar, ctx.get()) == 1 &&
              EC_POINT_get_affine_coordinates(group(), product.get(), x.get(), nullptr, ctx.get()) == 1 &&
              BN_bn2binpad(x.get(), out.data(), static_cast<int>(out.size())) == static_cast<int>(out.size()),
          "P-256 agreement");
  return out;
}

}  // namespace sotto::crypto::openssl
