# OpenSSL: TLS 1.3, X.509 and every cryptographic primitive. Fixed by the project.
# Floor 3.0: EVP_KDF HKDF, raw X25519/Ed25519 keys, SSL_set_fd with kTLS-free operation. Apache-2.0.
# May link: crypto, net.
sotto_pkg(openssl openssl>=3.0)
