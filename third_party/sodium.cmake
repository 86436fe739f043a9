# libsodium: Argon2id (OpenSSL gains it only in 3.2). Floor 1.0.18, Debian 12's. ISC.
# May link: crypto.
sotto_pkg(sodium libsodium>=1.0.18)
