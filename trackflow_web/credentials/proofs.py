"""Data Integrity proofs of the suite eddsa-rdfc-2022 (W3C vc-di-eddsa)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from trackflow_web.credentials.canonical import canonical
from trackflow_web.credentials.encoding import from_multibase, multibase

if TYPE_CHECKING:
    from collections.abc import Mapping

SUITE = "eddsa-rdfc-2022"
TYPE = "DataIntegrityProof"
PURPOSE = "assertionMethod"

Contexts = dict[str, dict[str, Any]]


def signed(
    document: Mapping[str, Any],
    key: Ed25519PrivateKey,
    *,
    method: str,
    created: str,
    more_contexts: Contexts | None = None,
) -> dict[str, Any]:
    """Return the document with a proof by the key that `method` names."""
    proof = {
        "type": TYPE,
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": PURPOSE,
    }
    to_sign = digests(document, proof, more_contexts)
    return {**document, "proof": {**proof, "proofValue": multibase(key.sign(to_sign))}}


def is_signed_by(
    document: Mapping[str, Any],
    public_key: bytes,
    more_contexts: Contexts | None = None,
) -> bool:
    """Return whether the proof of a document was made with the key.

    What the contexts do not define is not covered: check the members before.
    """
    proof = dict(document["proof"])
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    try:
        signature = from_multibase(proof.pop("proofValue"))
        Ed25519PublicKey.from_public_bytes(public_key).verify(
            signature, digests(unsigned, proof, more_contexts)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def digests(
    document: Mapping[str, Any], proof: Mapping[str, Any], more_contexts: Contexts | None = None
) -> bytes:
    """Return the 64 bytes that are signed: the digest of the proof, then that of the document."""
    options = {"@context": document["@context"], **proof}
    return b"".join(
        hashlib.sha256(canonical(each, more_contexts)).digest() for each in (options, document)
    )
