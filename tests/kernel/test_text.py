"""Normalisation and validation of input, before it reaches a database."""

from __future__ import annotations

import contextlib
import time
from enum import StrEnum

import pytest

from trackflow_web.kernel import characters, text
from trackflow_web.kernel.errors import Checks, Invalid

ACUTE = "\N{COMBINING ACUTE ACCENT}"
ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"


def refused(rule, *arguments, **options):
    """The error of a rule for a value: the field and the message."""
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
        ("the  beatles ", "THE BEATLES"),
        ("The\N{NO-BREAK SPACE}Beatles", "the beatles"),
        ("AC DC", "acdc"),
        ("Die Ärzte", "die arzte"),
        ("Straße", "STRASSE"),
        ("İstanbul", "istanbul"),
        ("ＡＢＢＡ", "abba"),
        ("ﬁre", "fire"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Кино", "КИНО"),
        ("Ёлка", "елка"),
        ("ᾳ", "Α"),
        ("Sigur Rós", "sigur ros"),
        ("Mø", "mo"),
        ("Łona", "lona"),
        ("Đorđe", "dorde"),
        ("Ænima", "aenima"),
        ("Œuvre", "oeuvre"),
        ("Þursaflokkurinn", "thursaflokkurinn"),
        ("Seiðr", "seidr"),
        ("Yanız", "yaniz"),
        ("Ħal Ŧ", "hal t"),
        ("Ǿre", "ore"),
        ("Don’t Stop", "Don't Stop"),
        ("Don´t Stop", "don`t stop"),
        ("“Weird” Al", '"weird" al'),
        ("«Ленинград»", '"ленинград"'),
        ("Salt‐N‐Pepa", "Salt-N-Pepa"),
        ("Salt–N—Pepa", "Salt-N-Pepa"),
        ("Thin\N{THIN SPACE}Lizzy", "thin lizzy"),
        ("soft\N{SOFT HYPHEN}ware", "software"),
        (f"Metal{ZERO_WIDTH_SPACE}lica", "Metallica"),
        ("\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", "\N{HEAVY BLACK HEART}"),
    ],
)
@pytest.mark.fault("11")
def test_equivalent_names_have_the_same_key(one, other):
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
        ("The One", "One"),
        # Marks of other scripts are letters.
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("कि", "क"),
        ("ที่", "ท"),
        ("ばら", "はら"),
        ("ザ", "サ"),
        ("आं", "आ"),
    ],
)
def test_different_names_have_different_keys(one, other):
    assert text.comparison_key(one) != text.comparison_key(other)


def test_names_of_punctuation_only_have_different_keys():
    names = ["!!!", "!!", "! !", "†", "‡", "...", "…", "-", "–", "—", "'", "’", "´", '"', "“", "”"]
    names += ["?", "¿", "+", "±", "=", "≠", "<", "≮", "*", "★", "☆", "¨", "^", "ˆ", "~", "˜"]
    names += ["\N{GUITAR}", "\N{VIOLIN}", "。", "、", "・", "〜", "()", "（）", "#", "♯", "♭", "º"]
    assert len({text.comparison_key(name) for name in names}) == len(names)
    assert len({text.artist_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "Beatles"),
        ("the  beatles ", "BEATLES"),
        ("The\N{NO-BREAK SPACE}Beatles", "beatles"),
        ("Ｔｈｅ Beatles", "beatles"),
        ("The !!!", "!!!"),
    ],
)
def test_a_leading_the_does_not_change_the_artist_key(one, other):
    assert text.artist_key(one) == text.artist_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The The", "The"),
        ("The The", "The Band"),
        ("Theatre of Tragedy", "Atre of Tragedy"),
        ("Thé Vert", "Vert"),
        ("A Perfect Circle", "Perfect Circle"),
    ],
)
def test_different_artists_have_different_keys(one, other):
    assert text.artist_key(one) != text.artist_key(other)


@pytest.mark.parametrize("name", ["The", "the the", "!!!", "\N{GUITAR}", "東京事変", "★", "مرحبا"])
def test_a_visible_name_has_a_key(name):
    assert text.comparison_key(name)


def test_a_key_fits_into_an_index_however_long_the_name_unfolds():
    # Eighteen letters each when compared; PostgreSQL's index rows end at 2,704 bytes.
    longest = "".join(chr(0xFDFA + number % 2) for number in range(200))
    assert len(text.comparison_key(longest).encode()) <= 1000
    assert text.comparison_key(longest) != text.comparison_key(longest[1:])


# --- one line of text ---------------------------------------------------------------------------


def test_a_line_is_stripped_and_white_space_is_collapsed():
    assert text.line("  Seven\t Nation\r\n Army ", "title", longest=20) == "Seven Nation Army"


def test_a_line_is_normalised_to_nfc():
    assert text.line(f"Beyonce{ACUTE}", "artist", longest=7) == "Beyoncé"


def test_a_line_keeps_emoji_joiners_and_right_to_left_text():
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN} مرحبا"
    assert text.line(family, "title", longest=20) == family


@pytest.mark.parametrize(
    "bad", ["nul\x00", "\x07bell", "escape\x1b[2J", "half \ud800", "\x9b", "a\x7fb"]
)
def test_unstorable_characters_are_rejected(bad):
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
@pytest.mark.fault("D5")
def test_invisible_text_counts_as_empty(invisible):
    assert refused(text.line, invisible, "title", longest=50)[0] == "title"
    assert text.line(invisible, "album", longest=50, required=False) == ""


def test_a_line_longer_than_the_limit_is_rejected():
    assert text.line("x" * 200, "title", longest=200) == "x" * 200
    assert "200" in refused(text.line, "x" * 201, "title", longest=200)[1]


# --- what cannot be seen ------------------------------------------------------------------------

FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
ENGLAND = "\N{WAVING BLACK FLAG}" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + "\U000e007f"


@pytest.mark.parametrize(
    "shown",
    [
        FAMILY,
        "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH JOINER}\N{FIRE}",
        "1\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}",
        "\U0001f642\N{ZERO WIDTH JOINER}\N{LEFT RIGHT ARROW}\N{VARIATION SELECTOR-16}",
        "\U0001f44b\N{EMOJI MODIFIER FITZPATRICK TYPE-4}",
        ENGLAND,
        "می\N{ZERO WIDTH NON-JOINER}خواهم",
        "क्\N{ZERO WIDTH JOINER}ष",
        "ශ්\N{ZERO WIDTH JOINER}රී",
        "葛\N{VARIATION SELECTOR-17}",
        "ᠠ\N{MONGOLIAN FREE VARIATION SELECTOR ONE}",
    ],
)
def test_visible_joiners_and_selectors_are_kept(shown):
    assert text.line(shown, "title", longest=50) == shown
    assert text.lines(shown, "body", longest=50) == shown


@pytest.mark.fault("D5")
def test_invisible_characters_do_not_change_the_title_key():
    for char in characters.DEFAULT_IGNORABLE:
        for rule in (text.line, text.lines):
            assert rule(f"Blue{char}Door{char}", "title", longest=50) == "BlueDoor", ascii(char)
            assert rule(char * 3, "title", longest=50, required=False) == "", ascii(char)
            with pytest.raises(Invalid, match="title"):
                rule(char, "title", longest=50)
        assert text.line(f" {char} Blue {char} Door", "title", longest=50) == "Blue Door"
        assert text.comparison_key(f"Blue{char}Door") == text.comparison_key("BlueDoor")
        assert text.search_key(f"Blue{char}Door") == "bluedoor"


@pytest.mark.parametrize("char", ["\ufdd0", "\uffff", "\U0010fffe", "\ufff9", "\ufffb"])
def test_noncharacters_and_anchors_count_as_invisible(char):
    assert text.line(f"Blue{char}Door", "title", longest=50) == "BlueDoor"


@pytest.mark.parametrize("typed", ["a\u200db", "a\ufe0fb", "\u200da", "1\u200d", "a\U000e0041"])
def test_joiners_and_selectors_without_effect_are_removed(typed):
    assert text.line(typed, "title", longest=50) in {"ab", "a", "1"}


@pytest.mark.fault("C5")
def test_bidirectional_controls_are_removed():
    hidden = "safe\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{POP DIRECTIONAL FORMATTING}"
    assert text.line(hidden, "title", longest=50) == "safegpj.exe"
    assert (
        text.lines(f"{hidden}\n\N{FIRST STRONG ISOLATE}x", "body", longest=50) == "safegpj.exe\nx"
    )


# --- length and time ----------------------------------------------------------------------------


def test_runs_of_combining_marks_are_limited():
    typed = "a" + ACUTE * 5 + "b" + "\N{COMBINING CEDILLA}" * 500
    kept = text.line(typed, "title", longest=200)
    assert kept.count("\N{COMBINING CEDILLA}") == characters.LONGEST_RUN_OF_MARKS


@pytest.mark.parametrize(
    "hostile",
    [
        "\t" * 40_000 + "x",
        "\u0315\u0300" * 20_000,
        "a" + "\u0f73" * 39_000,  # one character that is two marks
        "x\u0315\u0300\u034f" * 10_000,
        "\u0315\u034f\u0300" * 13_000,  # invisible in between
        "\r\n \r" * 10_000,
        "\u200d" * 40_000,
        "\ufdfa" * 10_000,
    ],
)
@pytest.mark.fault("A1")
def test_long_texts_are_processed_quickly(hostile):
    began = time.process_time()
    for rule in (text.line, text.lines):
        with contextlib.suppress(Invalid):
            text.search_key(rule(hostile, "description", longest=10_000))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("rule", [text.line, text.lines])
@pytest.mark.fault("A2")
def test_an_overlong_text_is_not_processed(rule, monkeypatch):
    monkeypatch.setattr(text, "_cleaned", None)
    assert "characters or fewer" in refused(rule, " " * 2_000_000, "title", longest=200)[1]


def test_a_hundred_kilobytes_are_rejected():
    assert "characters or fewer" in refused(text.line, "x" * 100_000, "title", longest=200)[1]


@pytest.mark.parametrize("other", [7, True, ["One"], {"title": "One"}, b"One", 1.5])
def test_a_line_of_another_type_is_rejected(other):
    assert refused(text.line, other, "title", longest=50) == ("title", "This must be text.")


# --- whole numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "year"), [("1999", 1999), (" 1999 ", 1999), (2001, 2001), ("+1999", 1999)]
)
def test_a_valid_year_is_accepted(typed, year):
    assert text.whole_number(typed, "year", least=1000, most=2100) == year


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_an_empty_number_field_is_none(nothing):
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
def test_an_invalid_year_is_rejected(bad):
    field, sentence = refused(text.whole_number, bad, "year", least=1000, most=2100)
    assert field == "year"
    assert sentence == "Enter a year between 1000 and 2100."


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("title", "Enter a title."),
        ("artist", "Enter an artist."),
        ("username", "Enter a username."),
        ("song_id", "Enter a song."),
        ("body", "Enter a comment."),
    ],
)
def test_an_empty_field_is_reported_with_its_purpose(field, message):
    assert refused(text.line, "", field, longest=50) == (field, message)


# --- choices, several checks, searching -----------------------------------------------------------


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def test_a_known_choice_is_accepted():
    assert text.choice("red", "colour", Colour) is Colour.RED


@pytest.mark.parametrize("bad", ["RED", "green", "", None, "red ", ["red"], 0])
def test_an_unknown_choice_is_rejected_with_the_valid_ones(bad):
    field, sentence = refused(text.choice, bad, "colour", Colour)
    assert field == "colour"
    assert "red, blue" in sentence


def test_all_invalid_fields_are_reported_together():
    check = Checks()
    check(text.line, "", "title", longest=5)
    check(text.line, "fine", "album", longest=5)
    check(text.whole_number, "x", "year", least=1, most=2)
    with pytest.raises(Invalid) as refusal:
        check.finish()
    assert set(refusal.value.errors) == {"title", "year"}


def test_wildcards_are_searched_for_as_text():
    assert text.like_pattern("100%_\\") == r"%100\%\_\\%"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("don't", "Don’t Stop"),
        ("don’t", "Don't Stop"),
        ("salt-n", "Salt‐N‐Pepa"),
        ("“weird”", '"Weird" Al'),
        ("mo", "Mø"),
        ("mø", "MO"),
        ("محمد", "مُحَمَّد"),
        ("thin lizzy", "Thin\N{NO-BREAK SPACE}Lizzy"),
    ],
)
@pytest.mark.fault("11")
def test_a_search_finds_both_spellings(typed, kept):
    assert text.search_key(typed) in text.search_key(kept)


def test_a_compatibility_form_of_a_wildcard_is_escaped():
    assert text.like_pattern("１００％") == r"%100\%%"


def test_searching_ignores_case_and_accents():
    assert text.search_key("Motörhead", "ACE of Spades") == "motorhead ace of spades"


def test_counts_are_written_with_singular_and_plural():
    assert [text.count_of(n, "song") for n in (0, 1, 1000)] == ["0 songs", "1 song", "1,000 songs"]
