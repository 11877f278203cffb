"""Whatever hides something keeps replicas from being read until they have it (ADR 55)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.may_lag import body_of, seen_by
from tests.support.people import add_person, work_together, working
from tests.support.songs import add_song
from trackflow_web import composition
from trackflow_web.accounts.deletion import delete_account
from trackflow_web.achievements import events as awarded
from trackflow_web.achievements.awards import revoke as revocations
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.standings import season_editing
from trackflow_web.community import actions as community
from trackflow_web.community.models import FeedEntry
from trackflow_web.domain import events
from trackflow_web.domain.authoring import actions as authoring
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.comments import removal
from trackflow_web.domain.comments.models import Comment
from trackflow_web.domain.covers import actions as covers
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.moderation import actions as moderation
from trackflow_web.domain.moderation import reporting
from trackflow_web.domain.moderation.queries import find_report
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people import administration, avatars, profile
from trackflow_web.domain.people.models import Avatar
from trackflow_web.domain.people.queries import find_by_username
from trackflow_web.domain.reactions import actions as reactions
from trackflow_web.domain.reactions.rules import Kind as Reaction
from trackflow_web.domain.relations import actions as relations
from trackflow_web.domain.relations import blocking
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.series import editing
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators, rules
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.subjects import Subject, SubjectType
from trackflow_web.kernel import cache_versions, event_types
from trackflow_web.kernel.cache_versions import Version, Versioned
from trackflow_web.kernel.database import db
from trackflow_web.kernel.events import Event

CODE = "dreamer"

# Event types after which everybody still sees what they saw: a new type stands here or in HIDING.
HARMLESS = {
    # Something new, or shown again.
    awarded.AchievementUnlocked,
    awarded.AchievementRestored,
    awarded.AchievementsBackfilled,
    awarded.LevelReached,
    awarded.CategoryCompleted,
    awarded.CategoriesBackfilled,
    events.BugReported,
    events.CollaborationJoined,
    events.CollaboratorAdded,
    events.Commented,
    events.FeatureRequested,
    events.FeedbackCommented,
    events.HeldCommentReleased,
    events.ImportUndone,  # its songs are SongsUnimported
    events.InvitationAccepted,
    events.PackCompleted,
    events.PackCreated,
    events.PackRestored,
    events.PersonRegistered,
    events.PlaylistImported,
    events.Reacted,
    events.SeriesCompleted,
    events.SeriesCreated,
    events.SeriesRestored,
    events.SongAdded,
    events.SongFinished,
    events.SongReleased,
    events.SongReleasedAgain,
    events.SongRestored,
    events.SongsImported,
    events.UserFollowed,
    events.UsersMentioned,
    events.Visited,
    # Of what only its users see.
    events.InvitationDeclined,
    events.InvitationSent,
    events.InvitationWithdrawn,
    events.PackChanged,
    events.PlaylistUnimported,
    events.SeriesChanged,  # what an album was called: `edit_series`
    events.SongAuthored,
    events.SongDetailsChanged,  # links of a release: `set_details`
    events.SongNoLongerAuthored,
    events.SongPlanned,
    events.SongStarted,
    events.WebhookChanged,
    events.WebhookCreated,
    events.WebhookDeleted,
    events.WebhookDisabled,
    events.WebhookLimited,
    events.WebhookRotated,
    # Numbers and states.
    awarded.AchievementsShown,  # hidden ones step the version of the holders
    awarded.CustomAchievementChanged,
    events.BugReportTakenUp,
    events.FeatureRequestTakenUp,
    events.FeedbackDecided,
    events.FeedbackVoteRemoved,
    events.FeedbackVoted,
    events.PartDone,
    events.PersonPromoted,
    events.SongEdited,  # of a release it hides, see `composition`
    events.SubjectHeld,  # the hold itself steps the version of the holders
}


@pytest.fixture
def app(app):
    cache_versions.use(hiding=True)
    yield app
    cache_versions.use(hiding=False)


def versions():
    """The versions that a replica is compared by; those of single users aside."""
    return dict(db.session.execute(sa.select(Version.name, Version.n)).all())


def test_every_event_type_hides_or_is_harmless():
    declared = set(event_types.declared())
    declared = {each for each in declared if each.__module__.startswith("trackflow_web.")}
    assert not HARMLESS & composition.HIDING
    assert declared == HARMLESS | composition.HIDING


def test_events_that_hide_step_the_version(app, subtests):
    handler = next(each for each in composition.HANDLERS if each.name == "replicas")
    for type_ in HARMLESS | composition.HIDING:
        if type_ is events.SongEdited:
            continue
        event = Event()
        event.payload = object.__new__(type_)
        with subtests.test(name=type_.__name__), app.app_context():
            handler.handle([event])
            stepped = cache_versions.is_stepped(Versioned.VISIBILITY)
            db.session.rollback()
            db.session().info.clear()
            assert stepped == (type_ in composition.HIDING)


def test_what_is_hidden_is_known_even_if_another_handler_fails():
    assert composition.HANDLERS[0].name == "replicas"


# --- actions -------------------------------------------------------------------------------------


class Scene:
    """People who show something of every kind; each action hides one thing of its own."""

    def __init__(self, app, admin):
        self.app, self.admin = app, admin
        self.people = {}
        self.songs = {}

    def person(self, name):
        person = self.people[name] = add_person(self.app, name)
        with working(self.app):
            profile.change_privacy(person.user, profile="everyone")
        return person

    def release(self, owner, title, *, artist="The Band"):
        self.songs[title] = add_song(self.app, owner, title, artist=artist)
        self.move(title, owner, "released")
        return self.songs[title]

    def move(self, title, owner, status):
        with working(self.app):
            songs.move_song(self.song(title), owner.user, status=status)

    def song(self, title):
        return find_song(self.songs[title], for_update=True)

    def user(self, name):
        return find_by_username(name)

    def comment(self, author, title, owner, body):
        subject = Subject(SubjectType.RELEASE, self.songs[title], owner.id)
        with working(self.app):
            written = comments.write(subject, author.user, body=body, limits=comments.Limits(()))
            return written.comment.id, subject


@pytest.fixture
def scene(app, clock, admin):
    clock.move(days=30)
    scene = Scene(app, admin)
    owner, helper = scene.person("zzowner"), scene.person("zzhelper")
    work_together(app, owner, helper)
    scene.owner, scene.helper = owner, helper
    scene.release(owner, "zzstays", artist="zzband")
    return scene


@pytest.fixture
def viewer(app, scene):
    browser = Browser(app)
    browser.enter(add_person(app, "viewer"))
    return browser


def values(scene):
    return {
        "username": "zzowner",
        "code": CODE,
        "song_id": scene.songs["zzstays"],
        "slug": "for-all",
    }


def a_season():
    season_editing.add(
        {"slug": "for-all", "name": "zzseason", "starts_at": "2090-01-01T00:00",
         "ends_at": "2090-02-01T00:00"}
    )  # fmt: skip


# The name of each action that hides something -> what it prepares, and what it then does; the page
# that showed it, and the marker on it.
HIDES = {}


def hides(page, marker):
    """Register an action that hides a marker on a page: a generator that prepares, then acts."""

    def register(action):
        HIDES[action.__name__] = (action, page, marker)
        return action

    return register


@hides("/community/releases", "zzdeleted")
def a_deleted_song(scene):
    scene.release(scene.owner, "zzdeleted")
    yield
    songs.delete_song(scene.song("zzdeleted"), scene.owner.user)


@hides("/community/releases", "zzunreleased")
def a_song_that_is_released_no_more(scene):
    scene.release(scene.owner, "zzunreleased")
    yield
    songs.move_song(scene.song("zzunreleased"), scene.owner.user, status="wip")


@hides("/community/releases", "zzrenamed")
def another_title(scene):
    scene.release(scene.owner, "zzrenamed")
    yield
    named = {"title": "Another", "artist": "The Band", "album": "", "year": ""}
    songs.edit_song(scene.song("zzrenamed"), scene.owner.user, **named)


@hides("/releases/{With a link}", "zzlink")
def another_link(scene):
    scene.release(scene.owner, "With a link")
    links = {"notes": "", "due_on": "", "video_url": ""}
    with working(scene.app):
        first = rules.details(**links, download_url="https://example.org/zzlink")
        songs.set_details(scene.song("With a link"), scene.owner.user, first)
    yield
    other = rules.details(**links, download_url="https://example.org/other")
    songs.set_details(scene.song("With a link"), scene.owner.user, other)


@hides("/releases/{zzshared}", "zzhelper")
def a_removed_collaborator(scene):
    scene.release(scene.owner, "zzshared")
    with working(scene.app):
        collaborators.add_collaborator(scene.song("zzshared"), username="zzhelper", limits=())
    yield
    collaborators.remove_collaborator(scene.song("zzshared"), scene.owner.user, scene.helper.id)


@hides("/releases/{zzleft}", "zzhelper")
def a_collaborator_who_leaves(scene):
    scene.release(scene.owner, "zzleft")
    with working(scene.app):
        collaborators.add_collaborator(scene.song("zzleft"), username="zzhelper", limits=())
    yield
    collaborators.remove_collaborator(scene.song("zzleft"), scene.helper.user, scene.helper.id)


@hides("/releases/{zzstays}", "zzcomment")
def a_deleted_comment(scene):
    comment_id, subject = scene.comment(scene.helper, "zzstays", scene.owner, "zzcomment")
    yield
    removal.delete(db.session.get(Comment, comment_id), subject, scene.helper.user, is_staff=False)


@hides("/releases/{zzstays}", "zzremoved")
def a_removed_comment(scene):
    comment_id, subject = scene.comment(scene.helper, "zzstays", scene.owner, "zzremoved")
    yield
    removal.delete(db.session.get(Comment, comment_id), subject, scene.owner.user, is_staff=False)


@hides("/releases/{zzstays}", "zzbefore")
def an_edited_comment(scene):
    comment_id, subject = scene.comment(scene.helper, "zzstays", scene.owner, "zzbefore")
    yield
    comment, limits = db.session.get(Comment, comment_id), comments.Limits(())
    comments.edit(comment, subject, scene.helper.user, body="After", limits=limits)


def _pack(scene, name, title):
    scene.release(scene.owner, title)
    with working(scene.app):
        pack = packs.create_pack(scene.owner.user, name=name)
        packs.put_song(pack, song_id=scene.songs[title], optional=False)
        return pack.id


@hides("/releases/{In it}", "zzpackgone")
def a_deleted_pack(scene):
    pack_id = _pack(scene, "zzpackgone", "In it")
    yield
    packs.delete_pack(db.session.get(Pack, pack_id))


@hides("/releases/{In this}", "zzpackbefore")
def another_name_of_a_pack(scene):
    pack_id = _pack(scene, "zzpackbefore", "In this")
    yield
    packs.rename_pack(db.session.get(Pack, pack_id), name="Another pack")


def _album(scene, name, title):
    scene.release(scene.owner, title)
    with working(scene.app):
        album = series.create_series(
            scene.owner.user, artist="The Band", album=name, year="", tracks=title
        )
        series.set_track(album, 1, song_id=scene.songs[title], irrelevant=False, anyway=True)
        return album.id


@hides("/releases/{On it}", "zzalbumgone")
def a_deleted_album(scene):
    album_id = _album(scene, "zzalbumgone", "On it")
    yield
    series.delete_series(db.session.get(series.Series, album_id))


@hides("/releases/{On this}", "zzalbumbefore")
def another_name_of_an_album(scene):
    album_id = _album(scene, "zzalbumbefore", "On this")
    yield
    album = db.session.get(series.Series, album_id)
    editing.edit_series(album, artist="The Band", album="Another album", year="")


@hides("/users/zzawarded", CODE)
def a_revoked_award(scene):
    scene.release(scene.person("zzawarded"), "One of hers")
    yield
    revocations.revoke(scene.user("olga"), scene.user("zzawarded"), CODE, reason="A test of this.")


@hides("/users/zzmodest", CODE)
def a_hidden_award(scene):
    scene.release(scene.person("zzmodest"), "Another of hers")
    yield
    visibility.set_visibility(scene.user("zzmodest"), CODE, public=False)


@hides("/users/zzhider", CODE)
def all_awards_hidden(scene):
    scene.release(scene.person("zzhider"), "One more of hers")
    yield
    visibility.set_all_visibility(scene.user("zzhider"), public=False)


@hides("/users/zzchanging", "zzbio")
def another_text_about_oneself(scene):
    with working(scene.app):
        profile.change_profile(scene.person("zzchanging").user, bio="zzbio")
    yield
    profile.change_profile(scene.user("zzchanging"), bio="")


@hides("/community/people", "zznamed")
def another_user_name(scene):
    scene.release(scene.person("zznamed"), "By the renamed")
    yield
    administration.rename(scene.user("zznamed"), to="another", by=scene.admin.user, why="A test.")


@hides("/community/people", "zzprivate")
def a_profile_made_private(scene):
    scene.release(scene.person("zzprivate"), "By the private")
    yield
    profile.change_privacy(scene.user("zzprivate"), profile="me")


@hides("/community/leaderboard?kind=releases&period=all&view=top", "zzranked")
def a_user_who_leaves_the_leaderboards(scene):
    scene.release(scene.person("zzranked"), "By the ranked")
    yield
    profile.change_privacy(scene.user("zzranked"), boards=False)


@hides("/community/feed?limit=30", "zzfed")
def a_user_who_leaves_the_feed(scene):
    scene.release(scene.person("zzfed"), "By the fed")
    yield
    profile.change_privacy(scene.user("zzfed"), feed=False)


@hides("/community/people", "zzbanned")
def a_banned_user(scene):
    scene.release(scene.person("zzbanned"), "By the banned")
    yield
    administration.ban(scene.user("zzbanned"), by=scene.admin.user, why="A test.")


@hides("/community/people", "zzgone")
def a_deleted_account(scene):
    scene.release(scene.person("zzgone"), "By the gone")
    yield
    delete_account(scene.user("zzgone"))


@hides("/community/people", "zzblocker")
def a_block(scene):
    scene.release(scene.person("zzblocker"), "By the blocker")
    yield
    blocking.set_block(scene.user("zzblocker"), scene.user("viewer"), wanted=True)


def _reported(scene, type_, id_, owner):
    subject = reporting.Reported(type_, id_, owner.id)
    with working(scene.app):
        return reporting.report(
            scene.helper.user, subject, reason="spam", text_="", limits=(), newcomer_days=0
        ).id


def _decide(scene, report_id, action, **more):
    moderation.decide(
        find_report(report_id), scene.admin.user, action=action, statement="This is a test.", **more
    )


@hides("/community/people", "zzheld")
def a_held_profile(scene):
    held = scene.person("zzheld")
    scene.release(held, "By the held")
    report_id = _reported(scene, "profile", held.id, held)
    yield
    _decide(scene, report_id, "hide")


@hides("/community/releases", "zzheldsong")
def a_held_release(scene):
    scene.release(scene.owner, "zzheldsong")
    report_id = _reported(scene, "release", scene.songs["zzheldsong"], scene.owner)
    yield
    _decide(scene, report_id, "hide")


@hides("/community/people", "zzsuspended")
def a_suspended_user(scene):
    suspended = scene.person("zzsuspended")
    scene.release(suspended, "By the suspended")
    report_id = _reported(scene, "profile", suspended.id, suspended)
    yield
    _decide(scene, report_id, "suspend", until="2026-06-01")


@hides("/users/zzpictured", "a" * 64)
def a_removed_picture(scene):
    pictured = scene.person("zzpictured")
    scene.release(pictured, "By the pictured")
    with working(scene.app):
        pictured.user.avatar = "a" * 64
        db.session.add(
            Avatar(user_id=pictured.id, uploaded_at=pictured.user.created_at, attempts=0,
                   failed=False, large=b"x")
        )  # fmt: skip
    yield
    avatars.remove(scene.user("zzpictured"))


@hides("/community/releases", "b" * 64)
def a_removed_cover(scene):
    scene.release(scene.owner, "zzcovered")
    with working(scene.app):
        scene.song("zzcovered").cover = "b" * 64
    yield
    covers.remove(scene.song("zzcovered"))


def test_every_action_that_hides_keeps_replicas_from_being_read(app, scene, viewer, subtests):
    for name, (action, page, marker) in HIDES.items():
        with subtests.test(name=name):
            steps = action(scene)
            next(steps)
            address = page.format(**scene.songs)
            assert marker in body_of(viewer, address), "it is not there before"
            with app.app_context():
                before = versions()
            with working(app):
                next(steps, None)
            with app.app_context():
                assert versions() != before, "no version was stepped"
            assert marker not in body_of(viewer, address), "it is still there"


def _harmless(scene):
    """Do what hides nothing, each in a unit of work of its own."""
    owner, helper = scene.owner, scene.helper
    subject = Subject(SubjectType.RELEASE, scene.songs["zzstays"], owner.id)
    yield lambda: relations.set_follow(
        helper.user, owner.user, wanted=True, limits=(), newcomer_days=0
    )
    yield lambda: songs.add_song(owner.user, title="zznew", artist="zzband")
    yield lambda: collaborators.add_collaborator(
        scene.song("zzstays"), username="zzhelper", limits=()
    )
    yield lambda: songs.set_authored(scene.song("zzstays"), owner.user, authored=True)
    yield lambda: authoring.mark_part(scene.song("zzplanned"), Part.DRUMS, owner.user, state="done")
    yield lambda: songs.move_song(scene.song("zzplanned"), owner.user, status="wip")
    yield lambda: songs.move_song(scene.song("zzplanned"), owner.user, status="released")
    yield lambda: reactions.react(helper.user, subject, Reaction.LIKE, limits=())
    yield lambda: comments.write(subject, helper.user, body="zzword", limits=comments.Limits(()))
    yield lambda: packs.create_pack(owner.user, name="zzpack")
    yield lambda: packs.put_song(
        db.session.scalars(sa.select(Pack).where(Pack.name == "zzpack")).one(),
        song_id=scene.songs["zzstays"],
        optional=False,
    )
    yield lambda: series.create_series(
        owner.user, artist="zzband", album="zzalbum", year="", tracks="zzstays"
    )
    yield lambda: feedback.submit(
        helper.user, Kind.FEATURE, title="zzwish", description="This.",
        limit=scene.app.extensions["trackflow"].limit_feedback,
    )  # fmt: skip
    yield lambda: administration.promote(helper.user, by=scene.admin.user, why="A test.")
    yield lambda: administration.demote(helper.user, by=scene.admin.user, why="A test.")
    yield lambda: visibility.move_pin(owner.user, CODE, move="pin")
    yield lambda: community.set_hidden(  # from oneself
        helper.user, db.session.scalars(sa.select(sa.func.max(FeedEntry.id))).one(), wanted=True
    )
    yield lambda: relations.set_mute(helper.user, owner.user, wanted=True)
    yield lambda: relations.set_follow(
        owner.user, helper.user, wanted=True, limits=(), newcomer_days=0
    )


def test_other_actions_remove_nothing_from_pages_that_may_lag(app, scene, viewer):
    with working(app):
        a_season()
    scene.songs["zzplanned"] = add_song(app, scene.owner, "zzplanned", artist="zzband")
    browsers = {"member": viewer, "visitor": Browser(app)}
    before = {name: seen_by(browser, values(scene)) for name, browser in browsers.items()}
    with app.app_context():
        version = versions().get(Versioned.VISIBILITY)
    for action in _harmless(scene):
        with working(app):
            action()
    with app.app_context():
        assert versions().get(Versioned.VISIBILITY) == version, "one of them hides something"
    after = {name: seen_by(browser, values(scene)) for name, browser in browsers.items()}
    for name, pages in before.items():
        shown = set().union(*pages.values())
        assert {"zzowner", "zzstays"} <= shown
        lost = {page: seen - after[name][page] for page, seen in pages.items()}
        assert {page: gone for page, gone in lost.items() if gone} == {}
