"""Everything by which a badge could say more than was signed: rejected, and told why."""

from __future__ import annotations

import copy
import io
import json
import time

import pytest

from tests.support.browsing import Browser
from tests.support.charter import Charter
from tests.support.people import add_person
from trackflow_web.credentials import baking
from trackflow_web.credentials.drawing import drawn
from trackflow_web.credentials.verification import MOST_BYTES, Rejected
from trackflow_web.pages.credentials import views

CODE = "artisan"
OTHER_KEY = "did:web:trackflow.example#z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX"
NOT_ISSUED = "isn't what this site issues"
MANY = 10_000


@pytest.fixture
def browser(make_app):
    """A browser of somebody with an achievement, where badges are issued."""
    site = make_app(
        CREDENTIAL_KEY="a secret of more than thirty-two characters",
        SITE_URL="https://trackflow.example",
    )
    person = add_person(site, "alva")
    Charter(site, person).given(CODE)
    found = Browser(site)
    found.enter(person)
    return found


@pytest.fixture
def files(browser):
    """The badge in each of its forms."""
    address = browser.post(f"/achievements/{CODE}/badge").location
    return {
        form: browser.client.get(f"{address}.{form}").get_data() for form in ("json", "png", "svg")
    }


def refusal(browser, content, name="badge.json"):
    page = browser.post("/badges/verify", file=(io.BytesIO(content), name))
    assert page.status == 422
    assert not page.all("[data-verified]")
    return " ".join(page.errors().values())


def changed(content, change):
    document = json.loads(content)
    change(document)
    return json.dumps(document).encode()


def setting(*path, value):
    def change(document):
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


def adding(name, *values):
    def change(document):
        document[name] = [*document[name], *values]

    return change


def proofs_in_a_list(document):
    document["proof"] = [document["proof"], copy.deepcopy(document["proof"])]


CHANGES = {
    "claim": (setting("credentialSubject", "releases", value=100), "releases isn't covered"),
    "claim of the achievement": (
        setting("credentialSubject", "achievement", "points", value=1),
        "points isn't covered",
    ),
    "claim of the proof": (setting("proof", "domain", value="x"), "proof.domain isn't covered"),
    "more contexts": (adding("@context", "https://example.org/v1"), f"@context {NOT_ISSUED}"),
    "context inside": (adding("@context", {"@vocab": "urn:x#"}), f"@context {NOT_ISSUED}"),
    "no context": (setting("@context", value=[]), f"@context {NOT_ISSUED}"),
    "more types": (adding("type", "DiplomaCredential"), f"type {NOT_ISSUED}"),
    "several subjects": (
        lambda document: document.update(credentialSubject=[document["credentialSubject"]] * 2),
        "credentialSubject must be one object",
    ),
    "several proofs": (proofs_in_a_list, "proof must be one object"),
    "one proof in a list": (
        lambda document: document.update(proof=[document["proof"]]),
        "proof must be one object",
    ),
    "no proof": (lambda document: document.pop("proof"), "proof is missing"),
    "purpose": (
        setting("proof", "proofPurpose", value="authentication"),
        f"proof.proofPurpose {NOT_ISSUED}",
    ),
    "suite": (
        setting("proof", "cryptosuite", value="eddsa-jcs-2022"),
        f"proof.cryptosuite {NOT_ISSUED}",
    ),
    "other key": (
        setting("proof", "verificationMethod", value=OTHER_KEY),
        "key that isn't this site's",
    ),
    "key of another site": (
        setting("proof", "verificationMethod", value=f"did:web:evil.example{OTHER_KEY[25:]}"),
        "key that isn't this site's",
    ),
    "no status": (lambda document: document.pop("credentialStatus"), "credentialStatus is missing"),
    "other status": (
        setting("credentialStatus", "statusListCredential", value="https://evil.example/list"),
        "signature doesn't match",
    ),
    "other name": (setting("name", value="Chart Topper"), "signature doesn't match"),
}


def test_a_changed_document_is_rejected_and_told_why(browser, files, subtests):
    for name, (change, message) in CHANGES.items():
        with subtests.test(name=name):
            assert message in refusal(browser, changed(files["json"], change))


def test_text_that_programs_read_differently_is_rejected(browser, files, subtests):
    document = files["json"].decode()
    twice = document.replace('"name":', '"name": "Chart Topper", "name":', 1)
    for name, content, message in (
        ("name twice", twice, "same name twice"),
        ("same value twice", document.replace("{", '{"id": "x", ', 1), "same name twice"),
        ("proof twice", document[:-1] + ', "proof": {}}', "same name twice"),
        ("lists in lists", "[" * MANY, "This is"),
        ("objects in objects", '{"a":' * MANY + "1" + "}" * MANY, "This is"),
        ("closed lists", "[" * MANY + "]" * MANY, "This is"),
        ("no number", document.replace("{", '{"a": NaN, ', 1), "isn't JSON"),
        ("more behind it", document + "{}", "isn't JSON"),
        ("UTF-16", document.encode("utf-16"), "isn't JSON"),
    ):
        content_ = content if isinstance(content, bytes) else content.encode()
        with subtests.test(name=name):
            assert message in refusal(browser, content_)


def test_a_file_that_is_too_large_is_rejected(browser, files, monkeypatch):
    padded = files["json"] + b" " * MOST_BYTES
    assert "larger than 64 kB" in refusal(browser, padded)
    monkeypatch.setattr(views, "LARGEST_PICTURE", len(files["png"]) - 1)
    assert "a picture 512 kB" in refusal(browser, files["png"])
    page = browser.post("/badges/verify", credential=padded.decode())
    assert "at most 64 kB" in page.errors()["credential"]


def chunk_of(png):
    """The chunk of a baked PNG that has the badge, behind the header."""
    length = int.from_bytes(png[33:37])
    return png[33 : 33 + 12 + length]


def test_a_png_with_anything_but_one_badge_is_rejected(browser, files, subtests):
    png = files["png"]
    chunk = chunk_of(png)
    compressed = chunk.replace(b"openbadgecredential\0\0", b"openbadgecredential\0\1", 1)
    for name, content, message in (
        ("two chunks", png[:33] + chunk + png[33:], "more than one badge"),
        ("one behind the end", png + chunk, "more than one badge"),
        ("another case", png + chunk.replace(b"openb", b"OpenB"), "more than one badge"),
        ("old kind", png + chunk.replace(b"iTXt", b"tEXt"), "more than one badge"),
        ("compressed", png.replace(chunk, compressed), "compressed"),
        ("none", png.replace(chunk, b""), "no badge"),
        ("cut off", png[:200], "damaged"),
        ("more behind the end", png + b"{}", "damaged"),
        ("endless chunk", png[:33] + b"\xff\xff\xff\xff" + png[37:], "damaged"),
    ):
        with subtests.test(name=name):
            assert message in refusal(browser, content, "badge.png")


LAUGHS = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))


def test_an_svg_with_anything_but_one_badge_is_rejected(browser, files, subtests):
    svg = files["svg"].decode()
    head, rest = svg.split(">", 1)
    element = svg[svg.index("<openbadges:") : svg.index("</openbadges:credential>") + 24]
    active = "scripts, entities or links"
    for name, content, message in (
        ("two", f"{head}>{element}{rest}", "more than one badge"),
        (
            "two in one",
            svg.replace("]]></openb", f"]]></openbadges:credential>{element}<openb"),
            "badge",
        ),
        ("other prefix", svg.replace("</svg>", "<ob:credential/></svg>"), "more than one badge"),
        ("none", svg.replace(element, ""), "no badge"),
        ("no section", svg.replace("<![CDATA[", "").replace("]]></openb", "</openb"), "no badge"),
        ("script", svg.replace("</svg>", "<script>alert(1)</script></svg>"), active),
        ("prefixed script", svg.replace("</svg>", "<svg:script/></svg>"), active),
        ("handler", f'{head} onload="alert(1)">{rest}', active),
        ("link", svg.replace("</svg>", '<g xlink:href="https://evil.example"/></svg>'), active),
        ("other file", svg.replace("</svg>", '<image href="file:///etc/passwd"/></svg>'), active),
        (
            "external entity",
            f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>{svg}',
            active,
        ),
        (
            "entity in the badge",
            f'<!DOCTYPE svg [<!ENTITY x "y">]>{svg}'.replace("<![CDATA[", "&x;<![CDATA["),
            active,
        ),
        ("billion laughs", f'<!DOCTYPE svg [<!ENTITY l0 "ha">{LAUGHS}]>{svg}', active),
        ("style sheet", f'<?xml-stylesheet href="https://evil.example"?>{svg}', active),
    ):
        with subtests.test(name=name):
            assert message in refusal(browser, content.encode(), "badge.svg")


def test_reading_a_picture_takes_time_in_proportion_to_its_size():
    opened = f"{baking.OPEN}>{baking.CDATA}"

    def cost(text):
        content = f"<svg>{text}"[: baking.MOST_BYTES].encode()
        start = time.process_time()
        with pytest.raises(Rejected):
            baking.found_in(content)
        return time.process_time() - start

    size = baking.MOST_BYTES
    plain = max(min(cost("x" * size) for _ in range(3)), 0.005)
    for piece in (opened, f"{opened}]]> ", "<", "< on", "<a on", f"{baking.CLOSE} ", "]]> "):
        assert min(cost(piece * (size // len(piece))) for _ in range(3)) < 200 * plain, piece


def test_a_badge_with_the_end_of_a_section_in_it_has_a_way_back():
    text = '{"name": "]]> and ]]]]> and ]]"}'
    assert baking.found_in(baking.baked_svg(drawn("One", "today"), text).encode()) == text.encode()
