"""Verifying credentials of this site; everything that the signature does not cover is rejected.

The members are compared with a closed list first. What no context defines would not be signed, and
documents of other shapes could make the canonical form arbitrarily expensive.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from trackflow_web.credentials import proofs
from trackflow_web.credentials.canonical import OPEN_BADGES, VC
from trackflow_web.credentials.documents import LIST_LENGTH, is_set, list_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trackflow_web.credentials.keys import Issuer

MOST_BYTES = 64 * 1024
# A member that must be text; otherwise a shape names the exact value or the members below.
TEXT = str
LONGEST_TEXT = 32 * 1024
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_PROOF = {
    "type": proofs.TYPE,
    "cryptosuite": proofs.SUITE,
    "created": TEXT,
    "verificationMethod": TEXT,
    "proofPurpose": proofs.PURPOSE,
    "proofValue": TEXT,
}
_BADGE = {
    "@context": [VC, OPEN_BADGES],
    "id": TEXT,
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": TEXT, "type": ["Profile"], "name": TEXT, "url": TEXT},
    "validFrom": TEXT,
    "name": TEXT,
    "credentialSubject": {
        "id": TEXT,
        "type": ["AchievementSubject"],
        "achievement": {
            "id": TEXT,
            "type": ["Achievement"],
            "name": TEXT,
            "description": TEXT,
            "criteria": {"narrative": TEXT},
        },
    },
    "credentialStatus": {
        "id": TEXT,
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": TEXT,
        "statusListCredential": TEXT,
    },
    "proof": _PROOF,
}
_LIST = {
    "@context": [VC],
    "id": TEXT,
    "type": ["VerifiableCredential", "BitstringStatusListCredential"],
    "issuer": TEXT,
    "validFrom": TEXT,
    "validUntil": TEXT,
    "credentialSubject": {
        "id": TEXT,
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": TEXT,
    },
    "proof": _PROOF,
}


class Rejected(Exception):
    """A credential that does not stand; the text says why."""


@dataclass(frozen=True)
class Verified:
    """What the signature of a credential covers."""

    id: str
    holder: str
    achievement: str
    name: str
    description: str
    criteria: str
    earned_at: datetime
    issuer: str
    key_id: str

    @property
    def public_id(self) -> str:
        """Return the last part of the id, by which this site finds the credential."""
        return self.id.rpartition("/")[2]


def parsed(content: bytes) -> dict[str, Any]:
    """Return the JSON object in an upload. Raises Rejected."""
    if len(content) > MOST_BYTES:
        _reject(f"This is larger than {MOST_BYTES // 1024} kB.")
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_members, parse_constant=_reject_number
        )
    except RecursionError:
        _reject("This is nested too deeply.")
    except ValueError:
        _reject("This isn't JSON.")
    if not isinstance(document, dict):
        _reject("This isn't a credential.")
    return document


def verify(
    document: Mapping[str, Any], issuer: Issuer, status_list: Mapping[str, Any], now: datetime
) -> Verified:
    """Return what a credential says, if it stands. Raises Rejected.

    `status_list` is the signed list of the issuer; a list that is not signed by it, or old, does
    not count.
    """
    _check_members(document, _BADGE)
    if document["issuer"]["id"] != issuer.did:
        _reject("It wasn't issued by this site.")
    _check_proof(document, issuer, now)
    earned_at = _moment(document["validFrom"], "validFrom")
    if earned_at > now:
        _reject("It isn't valid yet.")
    _check_status(document["credentialStatus"], issuer, status_list, now)
    subject = document["credentialSubject"]
    achievement = subject["achievement"]
    return Verified(
        id=document["id"],
        holder=subject["id"],
        achievement=achievement["id"],
        name=achievement["name"],
        description=achievement["description"],
        criteria=achievement["criteria"]["narrative"],
        earned_at=earned_at,
        issuer=document["issuer"]["id"],
        key_id=document["proof"]["verificationMethod"],
    )


def check_list(status_list: Mapping[str, Any], issuer: Issuer, now: datetime) -> None:
    """Check that a list is one of the issuer, signed and current. Raises Rejected."""
    try:
        _check_members(status_list, _LIST)
        if status_list["issuer"] != issuer.did or status_list["id"] != list_address(issuer.site):
            _reject("it's of another issuer.")
        _check_proof(status_list, issuer, now)
    except Rejected as refusal:
        _reject(f"The list of revoked credentials doesn't count: {refusal}")
    begins = _moment(status_list["validFrom"], "validFrom")
    ends = _moment(status_list["validUntil"], "validUntil")
    if not begins <= now < ends:
        _reject("The list of revoked credentials has expired.")


def _check_members(value: object, shape: object, path: str = "") -> None:
    """Compare a value with its shape. Raises Rejected naming the member."""
    where = path or "The document"
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            _reject(f"{where} must be one object.")
        for name in value.keys() - shape.keys():
            _reject(f"{f'{path}.{name}'[:100].lstrip('.')} isn't covered by the signature.")
        for name in shape:
            if name not in value:
                _reject(f"{f'{path}.{name}'.lstrip('.')} is missing.")
            _check_members(value[name], shape[name], f"{path}.{name}".lstrip("."))
    elif shape is TEXT:
        if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
            _reject(f"{where} must be text.")
    elif value != shape or isinstance(value, bool):
        _reject(f"{where} isn't what this site issues.")


def _check_proof(document: Mapping[str, Any], issuer: Issuer, now: datetime) -> None:
    proof = document["proof"]
    key = issuer.public_keys.get(proof["verificationMethod"])
    if key is None:
        _reject("It's signed with a key that isn't this site's.")
    if _moment(proof["created"], "proof.created") > now:
        _reject("It's signed in the future.")
    if not proofs.is_signed_by(document, key):
        _reject("The signature doesn't match: it was changed.")


def _check_status(
    status: Mapping[str, str], issuer: Issuer, status_list: Mapping[str, Any], now: datetime
) -> None:
    index, address = status["statusListIndex"], list_address(issuer.site)
    if not _INDEX.fullmatch(index) or int(index) >= LIST_LENGTH:
        _reject("credentialStatus.statusListIndex isn't a place in the list.")
    if status["statusListCredential"] != address or status["id"] != f"{address}#{index}":
        _reject("credentialStatus names another list.")
    check_list(status_list, issuer, now)
    try:
        is_revoked = is_set(status_list["credentialSubject"]["encodedList"], int(index))
    except ValueError:
        _reject("The list of revoked credentials can't be read.")
    if is_revoked:
        _reject("It was revoked.")


def _moment(text: str, name: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        _reject(f"{name} isn't a time.")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        _reject(f"{name} isn't a time.")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, one program takes the first and another the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        _reject("An object has the same name twice.")
    return found


def _reject_number(name: str) -> NoReturn:
    raise ValueError(name)


def _reject(why: str) -> NoReturn:
    raise Rejected(why)
