"""The two kinds of documents that are signed: a badge, and the list of those that are revoked."""

from __future__ import annotations

import base64
import gzip
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from trackflow_web.credentials import proofs
from trackflow_web.credentials.canonical import OPEN_BADGES, VC
from trackflow_web.credentials.keys import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from trackflow_web.credentials.keys import Issuer

# Bits of the list: the least that the standard allows, so that one index says nothing.
LIST_LENGTH = 131_072
# How long a copy of the list counts.
LIST_LASTS = timedelta(days=1)
BASE64 = "u"


@dataclass(frozen=True)
class Awarded:
    """What a credential says: who has earned which achievement, and when.

    `user_id` is the stable id of the holder: names change.
    """

    public_id: str
    status_index: int
    user_id: int
    code: str
    name: str
    description: str
    criteria: str
    earned_at: datetime


def moment(at: datetime) -> str:
    """Return a time as documents write it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def holder_id(site: str, user_id: int) -> str:
    """Return the id of a holder, which stays when they are renamed."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{site}/users/{user_id}").urn


def list_address(site: str) -> str:
    """Return the address of the list of revoked credentials."""
    return f"{site}/badges/status"


def badge_document(awarded: Awarded, issuer: Issuer, now: datetime) -> dict[str, Any]:
    """Return a signed OpenBadgeCredential."""
    site, status = issuer.site, list_address(issuer.site)
    document = {
        "@context": [VC, OPEN_BADGES],
        "id": f"{site}/badges/{awarded.public_id}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer.did, "type": ["Profile"], "name": NAME, "url": f"{site}/"},
        "validFrom": moment(awarded.earned_at),
        "name": awarded.name,
        "credentialSubject": {
            "id": holder_id(site, awarded.user_id),
            "type": ["AchievementSubject"],
            "achievement": {
                "id": f"{site}/achievements/{awarded.code}",
                "type": ["Achievement"],
                "name": awarded.name,
                "description": awarded.description,
                "criteria": {"narrative": awarded.criteria},
            },
        },
        "credentialStatus": {
            "id": f"{status}#{awarded.status_index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(awarded.status_index),
            "statusListCredential": status,
        },
    }
    return _signed(document, issuer, now)


def list_document(revoked: Iterable[int], issuer: Issuer, now: datetime) -> dict[str, Any]:
    """Return the signed list in which the bits of revoked credentials are set."""
    bits = bytearray(LIST_LENGTH // 8)
    for index in revoked:
        bits[index // 8] |= 0x80 >> index % 8
    packed = base64.urlsafe_b64encode(gzip.compress(bytes(bits), mtime=0)).rstrip(b"=").decode()
    address = list_address(issuer.site)
    document = {
        "@context": [VC],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": moment(now),
        "validUntil": moment(now + LIST_LASTS),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": BASE64 + packed,
        },
    }
    return _signed(document, issuer, now)


def is_set(encoded: str, index: int) -> bool:
    """Return whether a bit of a list is set. Raises ValueError for what is no list of ours."""
    if not encoded.startswith(BASE64):
        raise ValueError(encoded[:1])
    packed = base64.b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4), "-_", validate=True)
    try:
        # A little more than it may have, and never more: it may be a bomb.
        bits = zlib.decompressobj(wbits=31).decompress(packed, LIST_LENGTH // 8 + 1)
    except zlib.error as error:
        raise ValueError from error
    if len(bits) != LIST_LENGTH // 8:
        raise ValueError(len(bits))
    return bool(bits[index // 8] & 0x80 >> index % 8)


def _signed(document: dict[str, Any], issuer: Issuer, now: datetime) -> dict[str, Any]:
    return proofs.signed(document, issuer.key, method=issuer.key_id, created=moment(now))
