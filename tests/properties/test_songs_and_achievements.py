"""Any sequence of actions on songs: the program matches a plain model."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.catalogues import ENTRIES
from tests.support.charter import ALL_PARTS, Charter
from tests.support.invariants import assert_nothing_forgotten
from tests.support.moving_clock import MovingClock, running_on
from tests.support.people import add_person, working
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.songs import actions
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.kernel.errors import Duplicate

# Spellings and their meaning. Few on purpose, so that they coincide.
ARTISTS = {
    "The Beatles": "beatles", "BEATLES ": "beatles", "beatles": "beatles",
    "Björk": "bjork", "Bjork": "bjork",
    "Metallica": "metallica", "Nirvana": "nirvana", "Muse": "muse", "Rush": "rush",
}  # fmt: skip
TITLES = {"One": "one", " ONE": "one", "Two": "two", "Three": "three", "Four": "four"}
YEARS = [None, 1969, 1984, 1989, 1991, 1999, 2004]
STATES = ["future", "wip", "released"]
MILESTONE = {"future": "planned", "wip": "started", "released": "released"}
LEAST_DONE = 5

people = st.sampled_from([0, 1])
artists = st.sampled_from(list(ARTISTS))
titles = st.sampled_from(list(TITLES))
years = st.sampled_from(YEARS)
states = st.sampled_from(STATES)
whichever = st.integers(0, 10_000)
numbers_of_names = itertools.count(1)


# --- the model -----------------------------------------------------------------------------------


@dataclass
class Song:
    title: str
    artist: str
    year: int | None
    status: str
    reached: set[str]
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def is_authored(self) -> bool:
        done = list(self.parts.values()).count("done")
        return len(self.parts) == len(ALL_PARTS) and done >= LEAST_DONE

    def move(self, status: str) -> None:
        if (self.status, status) == ("wip", "released"):
            self.reached.add("finished")
        self.status = status
        self.reached.add(MILESTONE[status])


@dataclass
class Model:
    """The songs and days of a user in a plain model; counters are computed, never stored."""

    songs: dict[int, Song] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    earned: set[str] = field(default_factory=set)

    def has(self, title: str, artist: str, but: int | None = None) -> bool:
        return any(
            (song.title, song.artist) == (title, artist)
            for song_id, song in self.songs.items()
            if song_id != but
        )

    def released(self) -> list[Song]:
        return [song for song in self.songs.values() if "released" in song.reached]

    def values(self, kind: str) -> dict[str, int]:
        """How many released songs have each artist, year or decade."""
        found: dict[str, int] = {}
        for song in self.released():
            value = {
                "artist": song.artist,
                "year": song.year and str(song.year),
                "decade": song.year and str(song.year // 10 * 10),
            }[kind]
            if value:
                found[value] = found.get(value, 0) + 1
        return found

    def runs(self) -> list[int]:
        lengths: list[int] = []
        for before, day in zip([None, *self.days], self.days, strict=False):
            follows = before and day - before == timedelta(days=1)
            lengths.append(lengths[-1] + 1 if follows else 1)
        return lengths

    def counted(self) -> dict[str, int]:
        songs = self.songs.values()
        reached = {
            f"total_{name}": sum(name in song.reached for song in songs)
            for name in ("planned", "started", "released", "finished")
        }
        return reached | {
            "total_songs": len(songs),
            "total_authored": sum(song.is_authored for song in songs),
            "distinct_artists": len(self.values("artist")),
            "distinct_years": len(self.values("year")),
            "distinct_decades": len(self.values("decade")),
            "login_streak": max(self.runs(), default=0),
            "current_streak": (self.runs() or [0])[-1],
        }

    def settle(self) -> None:
        """Grant due awards; awards are never removed."""
        counted = self.counted()
        reached = {e.code for e in ENTRIES if counted.get(e.metric, 0) >= e.threshold}
        self.earned |= reached

    def numbers(self, today: date) -> dict[str, int]:
        counted = self.counted()
        if self.days and today - self.days[-1] > timedelta(days=2):
            counted["current_streak"] = 0
        counted["total_achievements"] = len(self.earned)
        counted["total_points"] = sum(e.points for e in ENTRIES if e.code in self.earned)
        return {name: number for name, number in counted.items() if number}


# --- the machine ---------------------------------------------------------------------------------


class Community(RuleBasedStateMachine):
    """Two users in one application; every rule runs in the program and in the model."""

    def __init__(self, app, clock):
        super().__init__()
        self.app = app
        self.clock = clock

    @initialize()
    def begin(self):
        name = f"person-{next(numbers_of_names)}"
        self.clock.set("2026-03-02T08:00:00+00:00")
        self.real = [Charter(self.app, add_person(self.app, f"{name}-{i}")) for i in (1, 2)]
        self.models = [Model(), Model()]
        self.bulk = itertools.count(1)

    def any_song(self):
        return any(model.songs for model in self.models)

    def pick(self, number):
        """One song: its owner, its id, and its state in the model."""
        everything = [
            (who, song_id, song)
            for who, model in enumerate(self.models)
            for song_id, song in sorted(model.songs.items())
        ]
        return everything[number % len(everything)]

    @rule(who=people, title=titles, artist=artists, year=years, status=states)
    def add(self, who, title, artist, year, status):
        model = self.models[who]
        add = self.real[who].add
        if model.has(TITLES[title], ARTISTS[artist]):
            with pytest.raises(Duplicate):
                add(title, artist, year=year, status=status)
            return
        song_id = add(title, artist, year=year, status=status)
        reached = {MILESTONE[status]}
        model.songs[song_id] = Song(TITLES[title], ARTISTS[artist], year, status, reached)

    @rule(who=people, count=st.integers(2, 6), year=years, status=states)
    def add_several_at_once(self, who, count, year, status):
        with working(self.app):
            for _ in range(count):
                number = next(self.bulk)
                title, artist = f"Bulk {number}", f"Band {number % 7}"
                song = actions.add_song(
                    self.real[who].user, title=title, artist=artist, year=year, status=status
                )
                self.models[who].songs[song.id] = Song(
                    f"bulk{number}", f"band{number % 7}", year, status, {MILESTONE[status]}
                )

    @precondition(any_song)
    @rule(which=whichever, status=states)
    def move(self, which, status):
        who, song_id, song = self.pick(which)
        self.real[who].move(song_id, status)
        song.move(status)

    @precondition(any_song)
    @rule(which=whichever, way=st.lists(states, min_size=2, max_size=5))
    def toggle_in_one_unit(self, which, way):
        who, song_id, song = self.pick(which)
        with working(self.app):
            row = find_song(song_id, for_update=True)
            for status in way:
                actions.move_song(row, self.real[who].user, status=status)
                song.move(status)

    @precondition(any_song)
    @rule(which=whichever, title=titles, artist=artists, year=years)
    def edit(self, which, title, artist, year):
        who, song_id, song = self.pick(which)
        changes = {"title": title, "artist": artist, "year": year}
        if self.models[who].has(TITLES[title], ARTISTS[artist], but=song_id):
            with pytest.raises(Duplicate):
                self.real[who].edit(song_id, **changes)
            return
        self.real[who].edit(song_id, **changes)
        song.title, song.artist, song.year = TITLES[title], ARTISTS[artist], year

    @precondition(any_song)
    @rule(
        which=whichever,
        parts=st.one_of(st.just(ALL_PARTS), st.lists(st.sampled_from(ALL_PARTS), max_size=12)),
        state=st.sampled_from(["done", "done", "skip", "todo"]),
    )
    def mark(self, which, parts, state):
        who, song_id, song = self.pick(which)
        with working(self.app):
            row = find_song(song_id, for_update=True)
            for part in parts:
                authoring.mark_part(row, part, self.real[who].user, state=state)
                song.parts.pop(part, None)
                if state != "todo":
                    song.parts[part] = state

    @precondition(any_song)
    @rule(which=whichever)
    def delete(self, which):
        who, song_id, _song = self.pick(which)
        self.real[who].delete(song_id)
        del self.models[who].songs[song_id]

    @rule(who=people, days=st.sampled_from([0, 1, 1, 1, 2]))
    def visit_later(self, who, days):
        today = self.clock.move(days=days).date()
        days_here = self.models[who].days
        is_new = today not in days_here
        assert self.real[who].visit() is is_new
        if is_new:
            days_here.append(today)

    @invariant()
    def the_program_agrees_with_the_model(self):
        for real, model in zip(self.real, self.models, strict=True):
            model.settle()
            assert set(real.codes) == model.earned
            assert len(real.codes) == len(model.earned)
            assert real.numbers == model.numbers(self.clock().date())
            for kind in ("artist", "year", "decade"):
                assert real.values(kind) == model.values(kind)

    def teardown(self):
        if hasattr(self, "real"):
            assert_nothing_forgotten(self.app)


# Examples, and steps of each. A step takes longer on PostgreSQL, with the same queries.
EXAMPLES = {"sqlite": 20, "postgresql": 6}
STEPS = {"sqlite": 40, "postgresql": 25}


@pytest.mark.both_databases
def test_counters_distinct_values_and_awards_match_the_model(app, database_kind, sized):
    examples = sized(EXAMPLES[database_kind], stress=200)
    steps = STEPS[database_kind]
    with running_on(MovingClock()) as clock:
        run_state_machine_as_test(
            lambda: Community(app, clock),
            settings=settings(max_examples=examples, stateful_step_count=steps),
        )
