"""Processing time of a text field grows linearly with its length, not quadratically."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest

from tests.support.browsing import Browser
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.tools]

SMALL = 10_000
# Seconds of this process: the slowest response, and the overhead of a request.
SLOWEST = 1.0
SPARE = 0.2
# Growth by the square of the length would be as many times as the length itself.
TIMES_PER_BYTE = 2.5
# A file of ten thousand rows may take longer than a second.
ROWS = "CSV rows"

FILLINGS = {
    "tabs and a letter": ("\t", "x"),
    "marks in the wrong order": ("\u0315\u0300", ""),
    "spaces and a letter": (" ", "x"),
    "marks that are two": ("a" + "\u0f73" * 20, ""),
    "nothing visible": ("\u200b\u034f\u0315\u0300", ""),
    "line ends": ("\r\n \r", "x"),
    "lines": ("x\n", ""),
    "one that becomes eighteen": ("\ufdfa", ""),
    "angle brackets": ("<", ""),
    "an address": ("a@a.", ""),
    "a path": ("/..", ""),
    "escapes": ("\\%_", ""),
}


def filled(filling, size):
    """A text of this many bytes."""
    unit, end = FILLINGS[filling]
    return unit * ((size - len(end)) // len(unit.encode())) + end


@pytest.fixture
def world(databases):
    from tests.fuzz.world import Tally, World  # noqa: PLC0415 -- needs requirements-dev.txt

    world = World(databases, Tally())
    yield world
    world.end()


@pytest.fixture
def ask(world):
    """`ask(field, text)`: send it as Alice or as an anonymous visitor; return the seconds."""
    alice, stranger = Browser(world.app), Browser(world.app)
    alice.sign_in("alice", PASSWORD)
    tokens = {browser: browser.token() for browser in (alice, stranger)}

    def ask(field, text):
        is_door = field.path in {"/login", "/register"}
        browser = stranger if is_door else alice
        options = field.send(text)
        headers = {"X-CSRFToken": tokens[browser], **options.pop("headers", {})}
        path = field.path.format(quote(text)) if "{}" in field.path else field.path
        began = time.process_time()
        with browser.client.open(path, method=field.method, headers=headers, **options) as answer:
            seconds = time.process_time() - began
        assert answer.status_code < 500, f"{field}: {answer.status}"
        return seconds

    ask.browser = alice
    return ask


def too_slow(ask, field, filling):
    """The problem with the processing time of a text; empty without one."""
    large = ask(field, filled(filling, field.largest))
    if large <= SPARE:
        return ""  # regardless of shorter texts
    # Once more: something else may have taken the processor, or its caches, meanwhile.
    large = min(large, ask(field, filled(filling, field.largest)))
    small = ask(field, filled(filling, SMALL))
    longest = small * field.largest / SMALL * TIMES_PER_BYTE + SPARE
    if large <= longest and (large <= SLOWEST or field.name == ROWS):
        return ""
    return f"{field}, {filling}: {small:.3f} s, then {large:.3f} s"


def fillings_of(fields, wanted):
    """Yield every field with so many fillings, others than its neighbour's.

    The fields of a form are cleaned by the same few functions, so that each form meets most of
    them. The first of each field are those that once took half a minute.
    """
    worst, others = list(FILLINGS)[:2], list(FILLINGS)[2:]
    for number, field in enumerate(fields):
        turned = others[number % len(others) :] + others[: number % len(others)]
        order = [worst[number % 2], *turned, worst[1 - number % 2]]
        yield from ((field, filling) for filling in order[:wanted])


@pytest.mark.fault("A1", "A2")
def test_time_per_byte_does_not_grow_in_any_text_field(world, ask, sized):
    from tests.support.text_fields import all_fields  # noqa: PLC0415 -- needs the tools

    fields = all_fields(world, ask.browser)
    kinds = {field.name for field in fields}
    assert {"title", "username", "<username>", ".description", "q", "next", "CSV artist"} <= kinds
    pairs = fillings_of(fields, sized(2, stress=len(FILLINGS)))
    slow = [too_slow(ask, field, filling) for field, filling in pairs]
    assert [it for it in slow if it] == []
