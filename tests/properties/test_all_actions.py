"""Any sequence of all actions: no award is lost, and a recheck grants and corrects nothing."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from limits import parse

from tests.support.catalogues import custom_entry, save_season
from tests.support.charter import ALL_PARTS
from tests.support.invariants import assert_nothing_forgotten
from tests.support.moving_clock import MovingClock, running_on
from tests.support.people import add_person, work_together, working
from tests.support.producer import Producer
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import revoke
from trackflow_web.achievements.catalogue import rows
from trackflow_web.achievements.catalogue.entries import Period
from trackflow_web.achievements.custom import grants
from trackflow_web.achievements.models import Achievement, UserAchievement
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.achievements.standings import finals
from trackflow_web.achievements.standings.models import LeaderboardClosing, LeaderboardFinal
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.bulk import actions as bulk
from trackflow_web.domain.bulk import deletion
from trackflow_web.domain.collaborations.models import Collaboration
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.models import Feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files
from trackflow_web.domain.imports import undo as import_undo
from trackflow_web.domain.imports.models import Import
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs import song_editing
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.relations import blocking
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.series.models import Series, Track
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.models import Song
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.undo import actions as undo
from trackflow_web.kernel import clock as kernel_clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.errors import DomainError

TITLES = [f"Song {number}" for number in range(8)]
ARTISTS = ["Metallica", "The Beatles", "Beatles", "Björk"]
STATES = ["future", "wip", "released"]
ZONES = ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Apia", "Europe/London"]
LIMIT = parse("1000/1 minute")
BEGINS = "2026-03-02T08:00:00+00:00"
PEOPLE = 3
# What a season that begins after some actions and ends before others counts.
COUNTED = {
    "total_songs": 6,
    "total_released": 4,
    "total_authored": 2,
    "total_collaborations": 2,
    "collaborations_joined": 2,
    "completed_packs": 1,
    "completed_series": 1,
    "distinct_artists": 2,
    "total_achievements": 4,
}

whoever = st.integers(0, PEOPLE - 1)
whichever = st.integers(0, 10_000)
several = st.lists(whichever, min_size=1, max_size=8)
titles, artists, states = map(st.sampled_from, (TITLES, ARTISTS, STATES))
years = st.sampled_from([None, 1969, 1984, 1991])
parts = st.sampled_from(ALL_PARTS)
part_states = st.sampled_from(["done", "done", "skip", "todo"])
numbers_of_names = itertools.count(1)


def in_letters(number):
    """Return a number as letters that look like no others: 6 and 8 look like b, 1-11 like 11-1."""
    return str(number).translate(str.maketrans("0123456789", "aehkoptuxz"))


class Everything(RuleBasedStateMachine):
    """Three users who do whatever they want, and an administrator."""

    def __init__(self, app, clock):
        super().__init__()
        self.app = app
        self.clock = clock

    @initialize()
    def begin(self):
        name = f"all-{in_letters(next(numbers_of_names))}"
        self.clock.set(BEGINS)
        self.names = (f"{name}-{number}" for number in itertools.count(1))
        self.admin = add_person(self.app, f"{name}-admin", is_admin=True)
        self.users = [self.newcomer() for _ in range(PEOPLE)]
        work_together(self.app, *(user.person for user in self.users))
        self.tokens = []
        self.earned = {}
        self.may_lose = False

    def newcomer(self):
        return Producer(self.app, add_person(self.app, next(self.names)))

    @contextmanager
    def acting(self, who):
        """A user acts in a unit of work; what is refused changes nothing."""
        self.clock.move(seconds=5)
        try:
            with working(self.app):
                yield self.users[who].user
        except DomainError:
            pass

    def pick(self, table, which, *conditions):
        """Return the id of a row of these users; 0 when there is none."""
        ids = sa.select(table.id).where(self.of_us(table), *conditions).order_by(table.id)
        found = db.session.scalars(ids).all()
        return found[which % len(found)] if found else 0

    def of_us(self, table):
        return table.user_id.in_([user.id for user in self.users])

    def workable(self, user, which):
        """Return a song that this user may work on, locked; None when there is none."""
        shared = sa.select(Collaboration.song_id).where(Collaboration.user_id == user.id)
        mine = sa.or_(Song.user_id == user.id, Song.id.in_(shared))
        song_id = self.pick(Song, which, mine)
        return find_song(song_id, for_update=True) if song_id else None

    def keep(self, who, outcome):
        if outcome.token:
            self.tokens.append((self.users[who], outcome.token))

    # --- songs and parts

    @rule(
        who=whoever, title=titles, artist=artists, year=years, status=states, anyway=st.booleans()
    )
    def add(self, who, title, artist, year, status, anyway):
        fields = {"title": title, "artist": artist, "year": year, "status": status}
        with self.acting(who) as user:
            pack_id = self.pick(Pack, 0, Pack.user_id == user.id) or None
            song_editing.add_song(user, **fields, pack_id=pack_id, anyway=anyway)

    @rule(who=whoever, which=whichever, title=titles, artist=artists, year=years, status=states)
    def change(self, who, which, title, artist, year, status):
        with self.acting(who) as user:
            song_id = self.pick(Song, which, Song.user_id == user.id)
            if song_id:
                fields = {"title": title, "artist": artist, "year": year, "status": status}
                song_editing.change_song(find_song(song_id, for_update=True), user, fields)

    @rule(who=whoever, which=several, status=states)
    def move(self, who, which, status):
        self.on_several(who, which, action="move", status=status)

    @rule(who=whoever, which=several, part=parts, state=part_states)
    def mark(self, who, which, part, state):
        self.on_several(who, which, action="part", part=str(part), state=state)

    @rule(who=whoever, which=several)
    def delete(self, who, which):
        self.on_several(who, which, action="delete")

    @rule(who=whoever, which=several, template=st.sampled_from(["full_band", "no_keys"]))
    def use_template(self, who, which, template):
        self.on_several(who, which, action="template", template=template)

    @rule(who=whoever, which=several, pack=whichever)
    def place(self, who, which, pack):
        self.on_several(who, which, action="pack", pack=pack)

    def on_several(self, who, which, **fields):
        with self.acting(who) as user:
            found = [self.workable(user, each) for each in which]
            if "pack" in fields:
                fields["pack_id"] = self.pick(Pack, fields.pop("pack"), Pack.user_id == user.id)
            ids = {song.id for song in found if song is not None}
            if ids:
                self.keep(who, bulk.perform(user, sorted(ids), fields))

    @rule(who=whoever, which=whichever, state=part_states)
    def mark_all(self, who, which, state):
        with self.acting(who) as user:
            song = self.workable(user, which)
            for part in ALL_PARTS if song else ():
                authoring.mark_part(song, part, user, state=state)

    @rule(which=st.integers(0, 3))
    def undo(self, which):
        """Undo one of the latest steps."""
        if self.tokens:
            user, token = self.tokens[-1 - which % len(self.tokens)]
            with self.acting(self.users.index(user)):
                undo.undo(user.user, token)

    # --- packs, albums, collaborators

    @rule(who=whoever, name=st.sampled_from(["Encore", "Live"]))
    def create_pack(self, who, name):
        with self.acting(who) as user:
            packs.create_pack(user, name=name)

    @rule(who=whoever, which=whichever, song=whichever, optional=st.booleans())
    def put(self, who, which, song, optional):
        with self.acting(who) as user:
            pack_id = self.pick(Pack, which, Pack.user_id == user.id)
            song_id = self.pick(Song, song, Song.user_id == user.id)
            if pack_id and song_id:
                packs.put_song(db.session.get(Pack, pack_id), song_id=song_id, optional=optional)

    @rule(who=whoever, which=whichever, deletes=st.booleans())
    def release_or_delete_pack(self, who, which, deletes):
        with self.acting(who) as user:
            pack_id = self.pick(Pack, which, Pack.user_id == user.id)
            if pack_id:
                change = deletion.delete_pack if deletes else bulk.release
                self.keep(who, change(db.session.get(Pack, pack_id), user))

    @rule(who=whoever, artist=artists, tracks=st.lists(titles, min_size=1, max_size=3))
    def create_album(self, who, artist, tracks):
        with self.acting(who) as user:
            series.create_series(
                user, artist=artist, album="Album", year="", tracks="\n".join(tracks)
            )

    @rule(who=whoever, which=whichever, song=whichever, irrelevant=st.booleans())
    def set_track(self, who, which, song, irrelevant):
        with self.acting(who) as user:
            album = db.session.get(Series, self.pick(Series, which, Series.user_id == user.id))
            if album:
                positions = sa.select(Track.position).where(Track.series_id == album.id)
                position = which % len(db.session.scalars(positions).all()) + 1
                song_id = self.pick(Song, song, Song.user_id == user.id) or ""
                series.set_track(
                    album, position, song_id=song_id, irrelevant=irrelevant, anyway=True
                )

    @rule(who=whoever, which=whichever, deletes=st.booleans())
    def link_or_delete_album(self, who, which, deletes):
        with self.acting(who) as user:
            album = db.session.get(Series, self.pick(Series, which, Series.user_id == user.id))
            if album and deletes:
                self.keep(who, deletion.delete_album(album, user))
            elif album:
                series.link_suggested(album)

    @rule(who=whoever, which=whichever, other=whoever)
    def add_collaborator(self, who, which, other):
        with self.acting(who) as user:
            song_id = self.pick(Song, which, Song.user_id == user.id)
            if song_id:
                name = self.users[other].username
                song = find_song(song_id, for_update=True)
                collaborators.add_collaborator(song, username=name, limits=())

    @rule(who=whoever, which=whichever, leaves=st.booleans())
    def end_collaboration(self, who, which, leaves):
        with self.acting(who) as user:
            mine = Collaboration.user_id if leaves else Collaboration.owner_id
            work = db.session.get(Collaboration, self.pick(Collaboration, which, mine == user.id))
            if work:
                song, helper_id = find_song(work.song_id, for_update=True), work.user_id
                self.keep(who, bulk.remove_collaborator(song, user, helper_id))

    @rule(who=whoever, other=whoever, wanted=st.booleans())
    def block(self, who, other, wanted):
        with self.acting(who) as user:
            blocking.set_block(user, self.users[other].user, wanted=wanted)

    # --- what comes from outside, and when

    @rule(who=whoever, first=st.integers(0, 12), count=st.integers(1, 12), status=states)
    def bring(self, who, first, count, status):
        lines = "".join(
            f"Song {n},{ARTISTS[n % len(ARTISTS)]},{1960 + n}\n"
            for n in range(first, first + count)
        )
        import_id = 0
        with self.acting(who) as user:
            playlist = files.read(f"title,artist,year\n{lines}".encode())
            item = imports.begin_file(user, playlist, name=f"Mix {first}", status=status)
            item.from_spotify = True
            import_id = item.id
        if import_id:
            self.run_import(import_id)

    @rule(which=whichever)
    def take_back(self, which):
        import_id = 0
        with self.acting(0):
            import_id = self.pick(Import, which, Import.state == "done", Import.imported > 0)
            if import_id:
                import_undo.request(db.session.get_one(Import, import_id, with_for_update=True))
        if import_id:
            self.may_lose = True
            self.run_import(import_id)

    def run_import(self, import_id):
        self.clock.move(seconds=1)
        self.app.extensions["trackflow.jobs"].work.named["import"](import_id)

    @rule(who=whoever, kind=st.sampled_from(Kind))
    def request(self, who, kind):
        with self.acting(who) as user:
            feedback.submit(user, kind, title="More", description="Please.", limit=LIMIT)

    @rule(which=whichever, status=st.sampled_from(["open", "rejected", "duplicate", "withdrawn"]))
    def decide(self, which, status):
        with self.acting(0):
            item_id = self.pick(Feedback, which)
            item = db.session.get(Feedback, item_id, with_for_update=True) if item_id else None
            if item and status == "withdrawn":
                feedback.withdraw(item, db.session.get_one(people.User, item.user_id))
            elif item:
                feedback.decide(item, self.admin.user, status=status, reason="Because.")

    @rule(who=whoever, hours=st.sampled_from([0, 3, 14, 25, 60, 200]), zone=st.sampled_from(ZONES))
    def visit_later(self, who, hours, zone):
        self.clock.move(hours=hours)
        with self.acting(who) as user:
            user.timezone = zone
            if people.visit_is_due(user):
                people.record_visit(user)

    @rule()
    def close_periods(self):
        with self.acting(0):
            finals.close_ended()

    # --- administrators, and the end of an account

    @rule(who=whoever, undone=st.booleans())
    def grant_or_undo(self, who, undone):
        with self.acting(0):
            if undone:
                self.may_lose = True
                grants.undo(self.admin.user, "thank_you")
            else:
                name, note = self.users[who].username, "For all of this work"
                grants.grant(self.admin.user, "thank_you", usernames=name, note=note)

    @rule(which=whichever, restores=st.booleans())
    def revoke_or_restore(self, which, restores):
        with self.acting(0):
            award_id = self.pick(UserAchievement, which)
            award = db.session.get(UserAchievement, award_id)
            if award is None:
                return
            user = db.session.get_one(people.User, award.user_id)
            code = db.session.get_one(Achievement, award.achievement_id).code
            if restores:
                revoke.restore(self.admin.user, user, code)
            else:
                self.may_lose = True
                revoke.revoke(self.admin.user, user, code, reason="A mistake")

    @rule(who=whoever, is_sure=st.integers(0, 4))
    def leave_for_good(self, who, is_sure):
        if is_sure == 0:
            with self.acting(who) as user:
                delete_account(user)
            self.tokens = [each for each in self.tokens if each[0] is not self.users[who]]
            self.earned.pop(self.users[who].id, None)
            self.users[who] = self.newcomer()
            work_together(self.app, *(user.person for user in self.users))

    # --- what holds after every step

    @invariant()
    def nothing_is_lost_and_a_recheck_finds_nothing(self):
        if not hasattr(self, "users"):
            return
        ids = [user.id for user in self.users]
        assert_nothing_forgotten(self.app, ids)
        with self.app.app_context():
            found = db.session.execute(
                sa.select(UserAchievement.user_id, UserAchievement.achievement_id).where(
                    UserAchievement.user_id.in_(ids), UserAchievement.revoked_at.is_(None)
                )
            ).all()
        earned = {
            user_id: {each.achievement_id for each in found if each.user_id == user_id}
            for user_id in ids
        }
        if not self.may_lose:
            lost = {
                user_id: before - earned[user_id]
                for user_id, before in self.earned.items()
                if user_id in earned
            }
            assert not any(lost.values())
        self.earned, self.may_lose = earned, False

    def teardown(self):
        if hasattr(self, "users"):
            with working(self.app):
                done = reconcile_users()
            assert (done.awards, done.completions, done.drift) == ([], [], [])
            assert (done.period_drift, done.score_drift, done.values_corrected) == ([], [], 0)
            for user in self.users:
                with working(self.app):
                    delete_account(user.user)
            with working(self.app):  # the next example lives in the same weeks
                db.session.execute(sa.delete(LeaderboardFinal))
                db.session.execute(sa.delete(LeaderboardClosing))


def prepare(app):
    """A season that begins a day after everything else, and achievements of administrators."""
    begins = kernel_clock.now() + timedelta(days=1)
    period = Period("season:any", begins, begins + timedelta(days=12))
    with working(app):
        for metric, threshold in COUNTED.items():
            save_season(f"any_{metric}", period=period, metric=metric, threshold=threshold)
        rows.save(custom_entry("regular"))
        rows.save(custom_entry("thank_you", metric=None, threshold=1))
    catalogue.forget()


# Examples, and steps of each. A step takes longer on PostgreSQL, with the same queries.
EXAMPLES = {"sqlite": 12, "postgresql": 3}
STEPS = {"sqlite": 40, "postgresql": 25}


@pytest.mark.both_databases
def test_no_sequence_of_actions_loses_an_award_or_leaves_something_to_a_recheck(
    app, database_kind, sized
):
    examples = sized(EXAMPLES[database_kind], stress=150)
    with running_on(MovingClock()) as clock:
        clock.set(BEGINS)
        prepare(app)
        run_state_machine_as_test(
            lambda: Everything(app, clock),
            settings=settings(max_examples=examples, stateful_step_count=STEPS[database_kind]),
        )
