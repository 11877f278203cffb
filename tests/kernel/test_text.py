"""What people type, before either database sees it."""

from __future__ import annotations

from enum import StrEnum

import pytest

from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Checks, Invalid

ACUTE = "\N{COMBINING ACUTE ACCENT}"
ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"


def refused(rule, *arguments, **options):
    """What a rule says against a value: the field and the sentence."""
    with pytest.raises(Invalid) as refusal:
        rule(*arguments, **options)
    [(field, sentence)] = refusal.value.errors.items()
    assert sentence
    return field, sentence


# --- comparing names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Metallica", "METALLICA"),
        ("Björk", "Bjork"),
        ("Motörhead", "MOTORHEAD"),
        ("Beyoncé", f"Beyonce{ACUTE}"),
        ("The Beatles", "Beatles"),
        ("the  beatles ", "BEATLES"),
        ("The\N{NO-BREAK SPACE}Beatles", "beatles"),
        ("AC DC", "acdc"),
        ("Die Ärzte", "die arzte"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ＡＢＢＡ", "abba"),
        ("ﬁre", "fire"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Кино", "КИНО"),
        (f"Metal{ZERO_WIDTH_SPACE}lica", "Metallica"),
        ("\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", "\N{HEAVY BLACK HEART}"),
    ],
)
def test_people_call_these_the_same(one, other):
    assert text.comparison_key(one) == text.comparison_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Metallica", "Megadeth"),
        ("The The", "The Band"),
        ("Theatre of Tragedy", "Atre of Tragedy"),
        ("The", ""),
        ("Кино", "кинг"),
        ("サカナクション", "ラッドウィンプス"),
        ("\N{GUITAR}", "\N{DRUM WITH DRUMSTICKS}"),
        # The voicing mark is no accent: these are a persimmon and a key.
        ("かき", "かぎ"),
        ("AC/DC", "ACDC!"),
    ],
)
def test_these_are_different(one, other):
    assert text.comparison_key(one) != text.comparison_key(other)


@pytest.mark.parametrize("name", ["The", "the the", "!!!", "\N{GUITAR}", "東京事変", "★", "مرحبا"])
def test_a_visible_name_has_a_key(name):
    assert text.comparison_key(name)


def test_a_key_fits_into_an_index_however_long_the_name_unfolds():
    # Eighteen letters each when compared; PostgreSQL's index rows end at 2,704 bytes.
    longest = "".join(chr(0xFDFA + number % 2) for number in range(200))
    assert len(text.comparison_key(longest).encode()) <= 1000
    assert text.comparison_key(longest) != text.comparison_key(longest[1:])


# --- one line of text ---------------------------------------------------------------------------


def test_a_line_is_trimmed_and_its_white_space_made_single_spaces():
    assert text.line("  Seven\t Nation\r\n Army ", "title", longest=20) == "Seven Nation Army"


def test_a_line_is_composed():
    assert text.line(f"Beyonce{ACUTE}", "artist", longest=7) == "Beyoncé"


def test_a_line_keeps_emoji_joiners_and_right_to_left_text():
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN} مرحبا"
    assert text.line(family, "title", longest=20) == family


@pytest.mark.parametrize(
    "bad", ["nul\x00", "\x07bell", "escape\x1b[2J", "half \ud800", "\x9b", "a\x7fb"]
)
def test_what_a_database_cannot_store_is_refused(bad):
    assert refused(text.line, bad, "title", longest=50)[0] == "title"


@pytest.mark.parametrize(
    "invisible",
    [
        None,
        "",
        " \t\n",
        ZERO_WIDTH_SPACE,
        ACUTE,
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "\N{IDEOGRAPHIC SPACE}\N{WORD JOINER}",
        "\N{HANGUL FILLER}",
        "\N{HALFWIDTH HANGUL FILLER}",
        "\N{BRAILLE PATTERN BLANK}",
    ],
)
def test_what_nobody_can_see_is_nothing(invisible):
    assert refused(text.line, invisible, "title", longest=50)[0] == "title"
    assert text.line(invisible, "album", longest=50, required=False) == ""


def test_a_line_may_be_as_long_as_allowed_and_no_longer():
    assert text.line("x" * 200, "title", longest=200) == "x" * 200
    assert "200" in refused(text.line, "x" * 201, "title", longest=200)[1]


def test_a_hundred_kilobytes_are_refused():
    assert "too long" in refused(text.line, "x" * 100_000, "title", longest=200)[1]


@pytest.mark.parametrize("other", [7, True, ["One"], {"title": "One"}, b"One", 1.5])
def test_a_line_is_text(other):
    assert refused(text.line, other, "title", longest=50) == ("title", "This must be text.")


# --- whole numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "year"), [("1999", 1999), (" 1999 ", 1999), (2001, 2001), ("+1999", 1999)]
)
def test_a_year(typed, year):
    assert text.whole_number(typed, "year", least=1000, most=2100) == year


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_empty_field_is_no_number(nothing):
    assert text.whole_number(nothing, "year", least=1000, most=2100) is None


@pytest.mark.parametrize(
    "bad",
    [
        "١٩٩٩",
        "１９９９",
        "1999.0",
        2001.5,
        "1e3",
        "0x7cf",
        "1_999",
        "1,999",
        "-1999",
        "999",
        "2101",
        10**31,
        "1" + "0" * 30,
        "9" * 100_000,
        -1,
        True,
        "NaN",
        "inf",
        float("nan"),
        "1999\x00",
        ["1999"],
        "1999 OR 1=1",
    ],
)
def test_what_is_no_year_is_refused(bad):
    field, sentence = refused(text.whole_number, bad, "year", least=1000, most=2100)
    assert field == "year"
    assert "1000 to 2100" in sentence


# --- choices, several checks, searching -----------------------------------------------------------


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def test_a_choice_is_one_of_its_names():
    assert text.choice("red", "colour", Colour) is Colour.RED


@pytest.mark.parametrize("bad", ["RED", "green", "", None, "red ", ["red"], 0])
def test_another_choice_is_refused_with_the_names_there_are(bad):
    field, sentence = refused(text.choice, bad, "colour", Colour)
    assert field == "colour"
    assert "red, blue" in sentence


def test_a_person_is_told_of_everything_at_once():
    check = Checks()
    check(text.line, "", "title", longest=5)
    check(text.line, "fine", "album", longest=5)
    check(text.whole_number, "x", "year", least=1, most=2)
    with pytest.raises(Invalid) as refusal:
        check.finish()
    assert set(refusal.value.errors) == {"title", "year"}


def test_wildcards_are_searched_for_as_they_stand():
    assert text.like_pattern("100%_\\") == r"%100\%\_\\%"


def test_a_wildcard_in_disguise_is_one_too():
    assert text.like_pattern("１００％") == r"%100\%%"


def test_searching_ignores_case_and_accents():
    assert text.search_key("Motörhead", "ACE of Spades") == "motorhead ace of spades"


def test_counting_in_words():
    assert [text.count_of(n, "song") for n in (0, 1, 1000)] == ["0 songs", "1 song", "1,000 songs"]
