"""Proofs against the official vectors, and everything that the verifier must reject."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trackflow_web.credentials import documents, proofs, verification
from trackflow_web.credentials.canonical import UnknownContextError, canonical
from trackflow_web.credentials.documents import Awarded
from trackflow_web.credentials.encoding import from_multibase, multibase, multikey
from trackflow_web.credentials.keys import issuer_of
from trackflow_web.credentials.verification import Rejected

VECTORS = Path(__file__).parent / "vectors"
EXAMPLES = {
    "https://www.w3.org/ns/credentials/examples/v2": {
        "@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}
    }
}
NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
SITE = "https://trackflow.example"
SECRET = "a secret of more than thirty-two characters"
ISSUER = issuer_of([SECRET], SITE)
AWARDED = Awarded(
    public_id="7f3c",
    status_index=4711,
    user_id=7,
    code="chart_topper",
    name="Chart Topper",
    description="Release 100 songs",
    criteria="100 different songs with the status Released.",
    earned_at=NOW,
)


def read(name):
    return (VECTORS / name).read_text("utf-8")


def badge(issuer=ISSUER, **changes):
    return documents.badge_document(Awarded(**{**vars(AWARDED), **changes}), issuer, NOW)


def status_list(*revoked, issuer=ISSUER, at=NOW):
    return documents.list_document(revoked, issuer, at)


def verify(document, status=None, issuer=ISSUER, now=NOW):
    return verification.verify(document, issuer, status or status_list(), now)


# --- the official vectors ------------------------------------------------------------------------


def test_the_official_vector_of_eddsa_rdfc_2022_is_reproduced_byte_for_byte():
    expected = json.loads(read("signed.json"))
    unsigned = {name: value for name, value in expected.items() if name != "proof"}
    options = {name: value for name, value in expected["proof"].items() if name != "proofValue"}
    assert canonical(unsigned, EXAMPLES).decode() == read("canonDoc.txt")
    with_context = {"@context": unsigned["@context"], **options}
    assert canonical(with_context, EXAMPLES).decode() == read("proofCanon.txt")
    assert proofs.digests(unsigned, options, EXAMPLES).hex() == read("digests.txt").strip()
    pair = json.loads(read("key_pair.json"))
    # Two bytes say that it is a private key of Ed25519.
    key = Ed25519PrivateKey.from_private_bytes(from_multibase(pair["privateKeyMultibase"])[2:])
    method, created = options["verificationMethod"], options["created"]
    made = proofs.signed(unsigned, key, method=method, created=created, more_contexts=EXAMPLES)
    assert json.dumps(made) == json.dumps(expected)
    assert multikey(key.public_key().public_bytes_raw()) == pair["publicKeyMultibase"]
    assert proofs.is_signed_by(expected, key.public_key().public_bytes_raw(), EXAMPLES)


def test_a_multikey_is_written_as_did_web_has_it():
    key = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))
    assert multikey(key.public_key().public_bytes_raw()) == (
        "z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX"
    )


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0\x01", bytes(range(64)), b"\xff" * 64])
def test_base58_has_a_way_back(content):
    assert from_multibase(multibase(content)) == content


@pytest.mark.parametrize("text", ["", "u123", "z0", "zO", "z" + "1" * 200, "zé"])
def test_what_is_no_base58_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds
        from_multibase(text)


def test_a_context_that_is_not_ours_is_never_fetched():
    with pytest.raises(UnknownContextError):
        canonical({"@context": "https://example.org/context", "id": "urn:x"})


# --- what stands ---------------------------------------------------------------------------------


def test_a_badge_of_this_site_stands():
    found = verify(json.loads(json.dumps(badge())))
    assert (found.public_id, found.name, found.earned_at) == ("7f3c", "Chart Topper", NOW)
    assert found.holder.startswith("urn:uuid:")


def test_a_badge_of_an_earlier_key_stands_while_the_key_is_known():
    rotated = issuer_of(["another secret of more than thirty-two", SECRET], SITE)
    assert verify(badge(), status_list(issuer=rotated), rotated)
    assert len(rotated.document()["verificationMethod"]) == 2
    forgotten = issuer_of(["another secret of more than thirty-two"], SITE)
    with pytest.raises(Rejected, match="key that isn't this site's"):
        verify(badge(), status_list(issuer=forgotten), forgotten)


def test_the_did_document_names_the_key_of_the_proof():
    document, proof = ISSUER.document(), badge()["proof"]
    assert document["id"] == "did:web:trackflow.example"
    assert document["assertionMethod"] == [proof["verificationMethod"]]
    assert issuer_of([SECRET], "http://127.0.0.1:5000").did == "did:web:127.0.0.1%3A5000"


def test_text_of_any_language_is_covered():
    document = badge(name="Größter <b>“Hit”</b> 🎸\n\x01", description="\u202eא")
    assert verify(document).name == document["name"]
    document["name"] = document["name"].replace("\x01", "\x02")
    with pytest.raises(Rejected, match="changed"):
        verify(document)


# --- what does not -------------------------------------------------------------------------------


def paths(value, path=()):
    """Every member of a document, also in lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in items:
        yield (*path, name)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, name))


def at(document, path):
    for name in path:
        document = document[name]
    return document


@pytest.mark.parametrize("path", list(paths(badge())), ids=lambda path: ".".join(map(str, path)))
def test_every_member_is_covered(path):
    for change in ("x", None, [], {}, True, 7):
        document = copy.deepcopy(badge())
        at(document, path[:-1])[path[-1]] = change
        with pytest.raises(Rejected):
            verify(document)
    if isinstance(at(badge(), path), str):
        document = copy.deepcopy(badge())
        at(document, path[:-1])[path[-1]] += "1"
        with pytest.raises(Rejected):
            verify(document)
    document = copy.deepcopy(badge())
    del at(document, path[:-1])[path[-1]]
    with pytest.raises(Rejected):
        verify(document)


@pytest.mark.parametrize(
    "path",
    [(), *(path for path in paths(badge()) if isinstance(at(badge(), path), dict))],
    ids=lambda path: ".".join(map(str, path)) or "top",
)
@pytest.mark.parametrize("name", ["charts_released", "@id", "@type", "image", "evidence", "@graph"])
def test_a_claim_that_is_not_signed_is_named(path, name):
    document = copy.deepcopy(badge())
    at(document, path)[name] = "100"
    with pytest.raises(Rejected, match=rf"{name} isn't covered by the signature"):
        verify(document)


def test_a_credential_has_one_proof():
    document = badge()
    document["proof"] = [document["proof"], document["proof"]]
    with pytest.raises(Rejected, match="one object"):
        verify(document)


def test_another_context_is_refused():
    document = badge()
    for contexts in (
        [*document["@context"], "https://example.org/more"],
        [*document["@context"], {"@vocab": "https://example.org/"}],
        document["@context"][::-1],
        document["@context"][0],
    ):
        with pytest.raises(Rejected):
            verify({**document, "@context": contexts})


def test_a_badge_of_another_issuer_is_refused():
    other = issuer_of([SECRET], "https://elsewhere.example")
    with pytest.raises(Rejected, match="wasn't issued by this site"):
        verify(badge(other))
    stranger = issuer_of(["a stranger's secret of more than thirty-two"], SITE)
    with pytest.raises(Rejected, match="key that isn't this site's"):
        verify(badge(stranger))


def test_a_badge_from_the_future_is_refused():
    with pytest.raises(Rejected, match="valid yet"):
        verify(badge(earned_at=NOW + timedelta(seconds=1)))
    with pytest.raises(Rejected, match="future"):
        verify(badge(earned_at=NOW - timedelta(days=1)), now=NOW - timedelta(hours=1))


def test_a_revoked_badge_is_refused_and_its_neighbours_are_not():
    with pytest.raises(Rejected, match="revoked"):
        verify(badge(), status_list(4711))
    assert verify(badge(), status_list(4710, 4712, 0, documents.LIST_LENGTH - 1))


def test_a_status_list_counts_only_signed_current_and_of_the_issuer():
    unsigned = copy.deepcopy(status_list())
    unsigned["validUntil"] = "2027-01-01T00:00:00Z"
    other = issuer_of([SECRET], "https://elsewhere.example")
    for status in (unsigned, status_list(issuer=other), badge(), {}, {"proof": {}}):
        with pytest.raises(Rejected, match="doesn't count"):
            verify(badge(), {**status, "@context": status.get("@context", [])})
    with pytest.raises(Rejected, match="expired"):
        verify(badge(), status_list(at=NOW - timedelta(days=1)))


@pytest.mark.parametrize("encoded", ["", "zAAAA", "u", "u!!", "uAAAA"])
def test_a_damaged_bit_string_is_no_list(encoded):
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds
        documents.is_set(encoded, 0)


def test_a_bit_string_that_unpacks_to_more_is_refused():
    import base64  # noqa: PLC0415
    import gzip  # noqa: PLC0415

    bomb = base64.urlsafe_b64encode(gzip.compress(bytes(50_000_000))).decode()
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds
        documents.is_set(f"u{bomb}", 0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b'{"a": "' + b"x" * 70_000 + b'"}',
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
    ids=range(10),
)
def test_what_is_no_json_object_is_refused(content):
    with pytest.raises(Rejected):
        verify(verification.parsed(content))


def test_half_a_character_is_refused():
    document = json.loads(json.dumps(badge()).replace("Chart Topper", "\\ud800"))
    with pytest.raises(Rejected, match="changed"):
        verify(document)
