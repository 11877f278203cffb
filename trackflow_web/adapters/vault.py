"""Secrets encrypted with a key that is stored outside the database."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# Another purpose would take another text here, and so never the same key.
PURPOSE = b"trackflow: tokens of other services"


class FernetVault:
    """Encrypts with the first key and decrypts with any, so that keys can be rotated.

    The keys are derived from secrets of any length.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        keys = [_derived(secret) for secret in secrets]
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._key_id = hashlib.sha256(keys[0]).hexdigest()[:16]

    @property
    def key_id(self) -> str:
        """Return the id of the current key: a digest from which the key cannot be derived."""
        return self._key_id

    def seal(self, secret: str) -> str:
        """Return the secret, unreadable without the key."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str | None:
        """Return the secret again; None when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def _derived(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
