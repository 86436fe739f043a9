# libsrtp: SRTP and SRTCP (RFC 3711, RFC 7714). Fixed by the project. Floor 2.5: AEAD_AES_256_GCM in
# Debian's NSS build. BSD-3-Clause. May link: srtp.
sotto_pkg(srtp libsrtp2>=2.5)
