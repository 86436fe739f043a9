#!/usr/bin/env python3
"""The expected values of call_keys_test.cpp, computed from the text of call_keys.hpp with another library."""
import hashlib
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

call = bytes(range(16))
binding = bytes([0xB0]) * 32
caller = X25519PrivateKey.from_private_bytes(bytes([0x11]) * 32)
callee = X25519PrivateKey.from_private_bytes(bytes([0x22]) * 32)
caller_public, callee_public = (key.public_key().public_bytes_raw() for key in (caller, callee))
shared = caller.exchange(X25519PublicKey.from_public_bytes(callee_public))

extract = hmac.HMAC(binding, hashes.SHA256())
extract.update(shared)
secret = extract.finalize()
transcript = call + caller_public + callee_public


def expand(info, size):
    return HKDFExpand(hashes.SHA256(), size, info).derive(secret)


print("commitment ", hashlib.sha256(b"sotto call commitment v1\0" + call + caller_public).hexdigest())
print("caller pub ", caller_public.hex())
print("callee pub ", callee_public.hex())
print("from caller", expand(b"sotto call v1 srtp caller" + transcript, 44).hex())
print("from callee", expand(b"sotto call v1 srtp callee" + transcript, 44).hex())
print("code       ", "%06d" % (int.from_bytes(expand(b"sotto call v1 code" + transcript, 8), "big") % 10**6))
