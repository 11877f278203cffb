"""The issuer: its keys, derived from secrets of the settings, and its `did:web` document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trackflow_web.credentials.encoding import multikey

if TYPE_CHECKING:
    from collections.abc import Sequence

# Another purpose would take another text here, and so never the same key.
DERIVED_FOR = b"trackflow: signature of credentials"
NAME = "TrackFlow"


@dataclass(frozen=True)
class Issuer:
    """A site that issues credentials: its address, the key that signs, and all public keys.

    `public_keys` are by their ids, `did:web:host#z6Mk...`. Those of earlier secrets stay, so that
    what they signed can be verified.
    """

    site: str
    did: str
    key: Ed25519PrivateKey
    key_id: str
    public_keys: dict[str, bytes]

    def document(self) -> dict[str, Any]:
        """Return what `/.well-known/did.json` contains."""
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": self.did,
            "verificationMethod": [
                {
                    "id": key_id,
                    "type": "Multikey",
                    "controller": self.did,
                    "publicKeyMultibase": key_id.partition("#")[2],
                }
                for key_id in self.public_keys
            ],
            "assertionMethod": list(self.public_keys),
        }


def issuer_of(secrets: Sequence[str], site: str) -> Issuer | None:
    """Return the issuer of a site; None without a secret. The first secret signs."""
    if not secrets:
        return None
    did = f"did:web:{quote(urlsplit(site).netloc, safe='.')}"
    keys = [_derived(secret) for secret in secrets]
    public = [key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for key in keys]
    ids = [f"{did}#{multikey(each)}" for each in public]
    return Issuer(site, did, keys[0], ids[0], dict(zip(ids, public, strict=True)))


def _derived(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=DERIVED_FOR).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)
