#!/usr/bin/env python3
"""The expected bytes of srtp_test.cpp, computed from RFC 3711 section 4.3 and RFC 7714 with another library."""
import struct
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY, SALT = b"\x41" * 32, b"\x42" * 12


def derive(label, size):
    x = bytearray(SALT + b"\0\0")
    x[7] ^= label
    counter = Cipher(algorithms.AES(KEY), modes.CTR(bytes(x) + b"\0\0")).encryptor()
    return counter.update(b"\0" * size)


def xor(a, b):
    return bytes(p ^ q for p, q in zip(a, b))


ssrc = 7
header = struct.pack(">BBHII", 0x80, 96, 1, 1, ssrc)
iv = xor(struct.pack(">HIIH", 0, ssrc, 0, 1), derive(2, 12))
print((header + AESGCM(derive(0, 32)).encrypt(iv, b"a picture", header)).hex())

report = struct.pack(">BBHI", 0x80, 201, 1, ssrc)
index = 1  # libsrtp counts from one
word = struct.pack(">I", 0x80000000 | index)
iv = xor(struct.pack(">HIHI", 0, ssrc, 0, index), derive(5, 12))
print((report + AESGCM(derive(3, 32)).encrypt(iv, b"", report + word) + word).hex())
