"""Passwords: hashed with Argon2id, never stored, never logged."""

from __future__ import annotations

import functools
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's first recommendation for Argon2id (Password Storage Cheat Sheet): 19 MiB, 2 passes.
MEMORY_KIB = 19_456
PASSES = 2
# Each hash takes memory and a core; more at once would starve the rest of the site.
HASHES_AT_ONCE = threading.BoundedSemaphore(4)

_cheap = False


def use_cheap_hashes(*, cheap: bool) -> None:
    """Trade safety for speed, for tests that sign in hundreds of times."""
    global _cheap  # noqa: PLW0603 -- a property of the process, set once by its configuration
    _cheap = cheap
    _hasher.cache_clear()
    _somebody_elses_hash.cache_clear()


@functools.cache
def _hasher() -> PasswordHasher:
    if _cheap:
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)


def hash_password(password: str) -> str:
    """Return the salted hash of a password, parameters included."""
    with HASHES_AT_ONCE:
        return _hasher().hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Return whether the password is the hashed one.

    Without a hash (an unknown name) it takes the same time, so that the response time does not
    reveal which names exist.
    """
    try:
        with HASHES_AT_ONCE:
            _hasher().verify(password_hash or _somebody_elses_hash(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _hasher().check_needs_rehash(password_hash)


@functools.cache
def _somebody_elses_hash() -> str:
    return _hasher().hash("nobody has this password")
