"""Base58 and multikeys, as Data Integrity proofs and `did:web` write them."""

from __future__ import annotations

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# What marks base58, and the two bytes that mark an Ed25519 public key.
BASE58, ED25519 = "z", b"\xed\x01"
# A signature of 64 bytes has at most 88 characters.
LONGEST = 100


def multibase(content: bytes) -> str:
    """Return bytes as base58 with its mark."""
    number, text = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    zeros = len(content) - len(content.lstrip(b"\0"))
    return BASE58 + ALPHABET[0] * zeros + text


def from_multibase(text: str) -> bytes:
    """Return the bytes. Raises ValueError for anything that `multibase` would not have made."""
    if not text.startswith(BASE58) or len(text) > LONGEST:
        message = "This isn't base58."
        raise ValueError(message)
    number = 0
    for char in text[1:]:
        number = number * 58 + ALPHABET.index(char)
    body = text[1:]
    zeros = len(body) - len(body.lstrip(ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def multikey(public_key: bytes) -> str:
    """Return an Ed25519 public key as a multikey."""
    return multibase(ED25519 + public_key)
