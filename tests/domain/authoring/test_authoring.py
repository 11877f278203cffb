"""Charting a song part by part."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.people import working
from trackflow_web.achievements.models import UserStats
from trackflow_web.domain.authoring import actions, queries, statistics
from trackflow_web.domain.authoring.events import PartDone
from trackflow_web.domain.authoring.models import SongPart
from trackflow_web.domain.authoring.rules import Part, State, is_authored
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import queries as song_queries
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.events import Event

ALL = list(Part)


@pytest.fixture
def song_id(app, alice):
    with working(app):
        return songs.add_song(alice.user, title="One", artist="Metallica").id


@pytest.fixture
def mark(app, alice, song_id):
    """`mark(parts, "done")`: each in a unit of work of its own."""

    def mark(parts, state):
        for part in parts:
            with working(app):
                song = song_queries.find_song(song_id, for_update=True)
                actions.mark_part(song, part, alice.user, state=state)

    return mark


@pytest.fixture
def authored(app, alice):
    """How many fully authored songs are counted for Alice."""

    def read():
        with app.app_context():
            return db.session.get_one(UserStats, alice.id).total_authored

    return read


def states(done, skipped):
    return [State.DONE] * done + [State.SKIP] * skipped + [State.TODO] * (15 - done - skipped)


def test_a_chart_has_fifteen_parts():
    assert ", ".join(part.label for part in Part) == (
        "Demucs, MIDI, Tempo map, Fake ending, Drums, Bass, Guitar, Vocals, Harmonies, Pro keys,"
        " Keys, Animations, Drum fills, Overdrive, Compile"
    )


@pytest.mark.parametrize(("done", "skipped"), [(15, 0), (5, 10), (14, 1)])
def test_a_chart_is_authored_with_every_part_done_or_not_needed(done, skipped):
    assert is_authored(states(done, skipped))


@pytest.mark.parametrize(("done", "skipped"), [(0, 0), (14, 0), (0, 15), (4, 11), (4, 10)])
def test_a_chart_with_open_or_too_few_done_parts_is_not_authored(done, skipped):
    assert not is_authored(states(done, skipped))


def test_every_part_of_a_new_song_is_to_do(app, song_id):
    with app.app_context():
        assert queries.states_of(song_id) == dict.fromkeys(Part, State.TODO)


@pytest.mark.both_databases
def test_part_states_are_stored_and_counted(app, mark, song_id):
    mark(ALL[:3], "done")
    mark(ALL[3:5], "skip")
    mark(ALL[:1], "todo")
    mark(ALL[1:2], "skip")
    with app.app_context():
        song, parts = song_queries.find_song(song_id), queries.states_of(song_id)
    assert (song.parts_done, song.parts_skipped) == (1, 3)
    assert [parts[part] for part in ALL[:6]] == ["todo", "skip", "done", "skip", "skip", "todo"]


@pytest.mark.both_databases
def test_marking_the_last_part_authors_the_song_once(mark, authored):
    mark(ALL[:14], "done")
    assert authored() == 0
    mark(ALL[14:], "skip")
    assert authored() == 1
    for state in ("todo", "done", "skip", "done"):
        mark(ALL[:1], state)
    assert authored() == 1


def test_reopening_a_part_makes_the_song_unauthored(mark, authored):
    mark(ALL, "done")
    mark(ALL[:1], "todo")
    assert authored() == 0


def test_a_song_with_too_many_skipped_parts_is_not_authored(mark, authored):
    mark(ALL, "skip")
    mark(ALL[:4], "done")
    assert authored() == 0
    mark(ALL[4:5], "done")
    assert authored() == 1


@pytest.mark.parametrize("bad", ["DONE", "", None, "deleted", ["done"], "done\x00", 1])
def test_an_unknown_part_state_is_rejected(app, alice, song_id, bad):
    with pytest.raises(Invalid) as refusal, working(app):
        actions.mark_part(song_queries.find_song(song_id), Part.BASS, alice.user, state=bad)
    assert list(refusal.value.errors) == ["state"]


# --- credit ------------------------------------------------------------------------------------


@pytest.fixture
def credit(app, song_id):
    """`credit()`: the credited user of each part; `credit.events()`: users and parts, in order."""

    def read():
        with app.app_context():
            rows = db.session.execute(
                sa.select(SongPart.part, SongPart.done_by).where(SongPart.song_id == song_id)
            )
            return {row.part: row.done_by for row in rows}

    def read_events():
        with app.app_context():
            rows = db.session.scalars(
                sa.select(Event)
                .where(Event.name == PartDone.event_name, Event.subject_id == song_id)
                .order_by(Event.id)
            ).all()
            return [(row.user_id, row.payload.part) for row in rows]

    read.events = read_events
    return read


@pytest.mark.both_databases
def test_marking_a_part_repeatedly_records_one_event(alice, mark, credit):
    for state in ("done", "todo", "done", "skip", "done"):
        mark([Part.DRUMS], state)
    assert credit.events() == [(alice.id, Part.DRUMS)]
    assert credit() == {"drums": alice.id}


@pytest.mark.both_databases
def test_the_credit_for_a_part_goes_to_the_collaborator_who_did_it(
    app, alice, bob, song_id, credit
):
    with working(app):
        song = song_queries.find_song(song_id, for_update=True)
        actions.mark_part(song, Part.BASS, bob.user, state="done")
    assert credit.events() == [(bob.id, Part.BASS)]
    assert credit() == {"bass": bob.id}


@pytest.mark.both_databases
def test_the_credit_for_a_part_stays_with_the_first_user(app, alice, bob, mark, song_id, credit):
    mark([Part.BASS], "done")
    mark([Part.BASS], "todo")
    with working(app):
        song = song_queries.find_song(song_id, for_update=True)
        actions.mark_part(song, Part.BASS, bob.user, state="done")
    assert credit.events() == [(alice.id, Part.BASS)]
    assert credit() == {"bass": alice.id}


def test_parts_not_needed_or_reopened_without_event_have_no_credit(mark, credit):
    mark([Part.KEYS], "skip")
    assert credit() == {"keys": None}
    mark([Part.KEYS], "todo")
    assert credit() == {}
    assert credit.events() == []


@pytest.mark.both_databases
def test_a_reopened_part_is_to_do_and_counts_for_nobody(app, alice, mark, song_id):
    mark(ALL[:2], "done")
    mark(ALL[:1], "todo")
    with app.app_context():
        assert queries.states_of(song_id)[ALL[0]] is State.TODO
        tallies = {tally.part: tally for tally in statistics.by_part(alice.id)}
        assert (tallies[ALL[0]].done, tallies[ALL[1]].done) == (0, 1)
        assert song_queries.find_song(song_id).parts_done == 1
