"""Rules of feature requests and bug reports."""

from __future__ import annotations

import pytest

from trackflow_web.domain.feedback import rules
from trackflow_web.domain.feedback.rules import Kind, Status
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid


def errors_of(rule, *arguments, **options):
    with pytest.raises(Invalid) as refusal:
        rule(*arguments, **options)
    return set(refusal.value.errors)


def test_a_draft_keeps_line_breaks_and_is_stripped():
    draft = rules.draft(title="  Dark\tmode ", description=" one\r\n\r\n\r\n\r\ntwo  \n\tthree\n")
    assert draft.title == "Dark mode"
    assert draft.description == "one\n\ntwo\n    three"


def test_a_draft_is_searched_without_case_and_accents():
    assert rules.draft(title="Café", description="MIDI").search_key == "cafe midi"


@pytest.mark.parametrize("bad", [None, "", " \n\t ", "\u200b", "a\x00b", "\ud800", 7, ["a"]])
def test_empty_or_unstorable_fields_are_rejected(bad):
    assert errors_of(rules.draft, title=bad, description=bad) == {"title", "description"}


def test_long_texts_are_rejected():
    assert errors_of(rules.draft, title="a" * 201, description="a") == {"title"}
    assert errors_of(rules.draft, title="a", description="a" * 10_001) == {"description"}
    assert errors_of(rules.decision, Kind.BUG, status="open", reason="a" * 501) == {"reason"}
    assert rules.draft(title="a" * 200, description="a" * 10_000)


@pytest.mark.parametrize(
    ("kind", "decisions"),
    [
        (Kind.FEATURE, "open planned done rejected duplicate"),
        (Kind.BUG, "open confirmed fixed closed duplicate"),
    ],
)
def test_administrators_can_set_only_the_statuses_of_the_kind(kind, decisions):
    for status in Status:
        if status in decisions.split():
            assert rules.decision(kind, status=status.value, reason=None) == (status, "")
        else:
            assert errors_of(rules.decision, kind, status=status.value, reason="") == {"status"}


def test_a_list_can_be_filtered_by_withdrawn_items():
    assert rules.status(Kind.BUG, "withdrawn") is Status.WITHDRAWN


@pytest.mark.parametrize("bad", ["planned", "", "OPEN", None, 3])
def test_an_unknown_status_filter_is_rejected(bad):
    assert errors_of(rules.status, Kind.BUG, bad) == {"status"}


def test_an_unknown_order_is_rejected():
    assert text.choice("votes", "sort", rules.Sort) is rules.Sort.VOTES
    assert errors_of(text.choice, "id; DROP TABLE feedback", "sort", rules.Sort) == {"sort"}


def test_rejected_and_withdrawn_statuses_do_not_count():
    assert {status for status in Status if not rules.counts(status)} == {
        Status.REJECTED,
        Status.DUPLICATE,
        Status.WITHDRAWN,
    }
