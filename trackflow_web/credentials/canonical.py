"""The canonical form of documents (RDFC-1.0), with contexts from our own disk only.

pyld loads contexts from anywhere unless it is given a loader, and its default algorithm is an old
one, so both are always named. Members that no context defines would vanish here without a word:
`verification` rejects them before.
"""

from __future__ import annotations

import functools
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "contexts"
VC = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
# The version is part of what is signed: 3.0.2 and 3.0.3 give other results.
FILES = {VC: "credentials-v2.json", OPEN_BADGES: "open-badges-3.0.3.json"}
# pyld keeps resolved contexts in a cache of the process.
_LOCK = threading.Lock()


class UnknownContextError(Exception):
    """A context that is not among ours; it is never fetched."""


def canonical(
    document: Mapping[str, Any], more_contexts: Mapping[str, dict[str, Any]] | None = None
) -> bytes:
    """Return the N-Quads of a document in canonical order. Raises UnknownContextError."""
    # A tenth of a second and 15 MB that only processes that issue or verify need.
    from pyld import jsonld  # noqa: PLC0415

    def load(url: str, _options: object) -> dict[str, Any]:
        found = (more_contexts or {}).get(url) or _context(url)
        return {"contextUrl": None, "documentUrl": url, "document": found, "contentType": None}

    options = {
        "algorithm": "URDNA2015",
        "format": "application/n-quads",
        "documentLoader": load,
    }
    with _LOCK:
        try:
            text: str = jsonld.normalize(dict(document), options)
        except jsonld.JsonLdError as error:
            raise UnknownContextError from error
    return text.encode()


@functools.cache
def _context(url: str) -> dict[str, Any]:
    if url not in FILES:
        raise UnknownContextError(url)
    found: dict[str, Any] = json.loads((FOLDER / FILES[url]).read_text("utf-8"))
    return found
