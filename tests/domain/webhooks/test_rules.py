"""Signatures, pauses and what a receiver asks for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trackflow_web.domain.webhooks import rules
from trackflow_web.domain.webhooks.models import Kind
from trackflow_web.domain.webhooks.ports import Answer
from trackflow_web.kernel.errors import Invalid

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
# Made by the reference library of the specification.
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
BODY = b'{"type":"song.released","timestamp":"2026-11-28T10:00:00Z","data":{"song":12}}'
SIGNATURE = "v1,aVJ6yDa7oA+22jtJX44x8pLRJv/PYYWvgZndf+jfHlY="


def test_a_signature_is_that_of_the_reference():
    assert rules.signature(SECRET, "msg_2f0c", 1_796_000_000, BODY) == SIGNATURE


def test_each_secret_signs():
    at = datetime.fromtimestamp(1_796_000_000, UTC)
    headers = rules.headers([SECRET, rules.new_secret()], "msg_2f0c", at, BODY)
    first, second = headers["webhook-signature"].split(" ")
    assert first == SIGNATURE
    assert second.startswith("v1,")
    assert headers["webhook-timestamp"] == "1796000000"


def test_pauses_follow_the_schedule_of_the_specification():
    usual = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    for attempts, seconds in enumerate(usual, start=1):
        pause = rules.pause_after(attempts, None)
        assert 0.9 * seconds <= pause.total_seconds() <= 1.1 * seconds
    assert rules.pause_after(len(usual) + 1, None) is None
    assert rules.pause_after(1, timedelta(hours=1)) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30),
        ("99999999999999999999", 86_400),
        ("Sat, 28 Nov 2026 12:01:00 GMT", 60),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("1 Jan 99999999999999999999 00:00:00 GMT", None),
        ("1 Jan 2020 00:00:00 +99999999999999", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_receiver_may_ask_for_a_pause_of_up_to_a_day(value, seconds):
    asked = rules.asked_pause(Answer(503, {"retry-after": value}, b""), None, NOW)
    assert asked == (None if seconds is None else timedelta(seconds=seconds))


def test_only_some_answers_ask_for_a_pause():
    assert rules.asked_pause(Answer(500, {"retry-after": "30"}, b""), None, NOW) is None


@pytest.mark.parametrize(
    ("kind", "gone"), [(Kind.STANDARD, {410}), (Kind.DISCORD, {401, 403, 404, 410})]
)
def test_some_answers_end_a_webhook(kind, gone):
    assert {status for status in range(100, 600) if rules.is_gone(kind, status)} == gone
    assert not rules.is_gone(kind, None)


@pytest.mark.parametrize("events", [[], ["song.sung"], "song.released", None, [1], ["x"] * 99])
def test_events_are_from_a_list(events):
    with pytest.raises(Invalid) as refusal:
        rules.chosen_events(events)
    assert set(refusal.value.errors) == {"events"}


def test_secrets_and_ids_have_the_form_of_the_specification():
    assert rules.new_secret().startswith("whsec_")
    assert "." not in rules.new_message_id()
    assert len({rules.new_message_id() for _ in range(9)}) == 9
