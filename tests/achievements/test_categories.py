"""Categories: completed once per edition and for good, with a bonus."""

from __future__ import annotations

import dataclasses
import io

import pytest
import sqlalchemy as sa

from tests.support.catalogues import BY_CODE, ENTRIES, Deploy, custom_entry, save_season
from tests.support.charter import Charter, at_once, statements_of
from tests.support.people import working
from trackflow_web import composition
from trackflow_web.achievements import toasts
from trackflow_web.achievements.awards import revoke
from trackflow_web.achievements.awards.grant import Award, grant
from trackflow_web.achievements.catalogue import editions, rows, sync
from trackflow_web.achievements.catalogue.ladders import Category
from trackflow_web.achievements.category_models import CategoryCompletion, CategoryEdition
from trackflow_web.achievements.models import UserStats
from trackflow_web.achievements.recheck.reconcile import reconcile_users
from trackflow_web.achievements.standings import scores
from trackflow_web.achievements.standings.models import LeaderboardScore
from trackflow_web.kernel import clock as kernel_clock
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

# One achievement of 250 points: the bonus is 25. Releasing songs of many artists is cheap here.
SOCIAL = [entry for entry in ENTRIES if entry.category is Category.SOCIAL]
SMALL = "collaborative_spirit"


@pytest.fixture
def deploy(monkeypatch):
    return Deploy(monkeypatch)


@pytest.fixture
def small(app, deploy):
    """A catalogue whose category `quality` has two achievements: 1 song and 2 songs."""

    def install():
        those = [e for e in ENTRIES if e.category is not Category.QUALITY]
        for n, code in ((1, "perfectionist"), (2, "multi_talented")):
            those.append(dataclasses.replace(BY_CODE[code], metric="total_songs", threshold=n))
        deploy._install(those)
        with working(app):
            sync.sync()
        recheck(app)

    install()
    return install


def recheck(app):
    with app.app_context(), unit_of_work(composition.HANDLERS):
        return reconcile_users()


def completed(app, charter):
    with app.app_context():
        return db.session.execute(
            sa.select(
                CategoryCompletion.category,
                CategoryCompletion.points,
                CategoryCompletion.backfilled,
            )
            .where(CategoryCompletion.user_id == charter.id)
            .order_by(CategoryCompletion.category, CategoryCompletion.edition)
        ).all()


def score(app, charter, kind="points", span="week"):
    with app.app_context():
        return db.session.scalar(
            sa.select(LeaderboardScore.score).where(
                LeaderboardScore.user_id == charter.id,
                LeaderboardScore.kind == kind,
                LeaderboardScore.span == span,
            )
        )


@pytest.mark.parametrize(
    ("points", "bonus"), [(0, 25), (240, 25), (250, 25), (251, 30), (300, 30), (1230, 125)]
)
def test_a_bonus_is_a_tenth_to_the_next_five_and_at_least_25(points, bonus):
    assert editions.bonus_of(points) == bonus


def test_the_first_sync_writes_an_edition_of_each_category(app):
    with app.app_context():
        found = db.session.execute(
            sa.select(CategoryEdition.category, CategoryEdition.total, CategoryEdition.points)
        ).all()
    assert {row.category: row.total for row in found} == {
        "milestone": 37,
        "activity": 14,
        "quality": 11,
        "social": 4,
        "diversity": 14,
        "special": 1,
    }
    assert {row.category: row.points for row in found}["special"] == 25


def test_a_sync_without_a_change_writes_no_edition(app):
    with working(app):
        assert not sync.sync().categories


@pytest.mark.both_databases
def test_the_action_that_earns_the_last_achievement_completes_the_category(app, alice, small):
    alice.add("One")
    assert not completed(app, alice)
    points = alice.number("total_points")
    alice.add("Two")
    assert completed(app, alice) == [("quality", 25, False)]
    gained = BY_CODE["multi_talented"].points + 25
    assert alice.number("total_points") == points + gained
    assert score(app, alice) == alice.number("total_points")


def test_undoing_the_work_keeps_the_completion_and_its_points(app, alice, small):
    one, two = alice.add("One"), alice.add("Two")
    points = alice.number("total_points")
    alice.delete(one)
    alice.delete(two)
    recheck(app)
    assert len(completed(app, alice)) == 1
    assert alice.number("total_points") == points


@pytest.mark.both_databases
def test_a_recheck_completes_with_the_true_date_and_outside_the_open_periods(
    app, clock, alice, small
):
    alice.add("One")
    clock.move(days=1)
    at = kernel_clock.now()
    alice.add("Two")
    with working(app):
        db.session.execute(
            sa.delete(CategoryCompletion).where(CategoryCompletion.user_id == alice.id)
        )
        alice_points = UserStats.total_points - 25
        db.session.execute(
            sa.update(UserStats)
            .where(UserStats.user_id == alice.id)
            .values(total_points=alice_points)
        )
        scores.correct([alice.id])
    clock.move(days=30)
    found = recheck(app)
    assert [each.completed_at for each in found.completions] == [at]
    assert completed(app, alice) == [("quality", 25, True)]
    assert score(app, alice, span="all") == alice.number("total_points")
    with app.app_context():
        assert all(db.session.scalars(sa.select(CategoryCompletion.notified)))
    assert not recheck(app).completions


def test_a_later_edition_leaves_the_completion_and_pays_what_it_adds(
    app, clock, alice, small, deploy
):
    alice.add("One")
    alice.add("Two")
    clock.move(days=1)
    deploy._install(
        [
            *[e for e in ENTRIES if e.category is not Category.QUALITY],
            *(
                dataclasses.replace(BY_CODE[code], metric="total_songs", threshold=n)
                for n, code in ((1, "perfectionist"), (2, "multi_talented"), (3, "artisan"))
            ),
            dataclasses.replace(BY_CODE["series_legend"], metric="total_songs", threshold=3),
        ]
    )
    with working(app):
        assert sync.sync().categories == ["quality"]
    recheck(app)
    assert len(completed(app, alice)) == 1
    alice.add("Three")
    assert completed(app, alice) == [
        ("quality", 25, False),
        ("quality", 0, False),
    ]


def test_a_retired_achievement_is_not_required_any_more(app, clock, alice, small, deploy):
    alice.add("One")
    clock.move(days=1)
    deploy.retire("multi_talented")
    with working(app):
        sync.sync()
    recheck(app)
    assert completed(app, alice) == [("quality", 25, True)]


def test_custom_and_seasonal_achievements_are_not_required(app, alice, small):
    with working(app):
        rows.save(custom_entry(category=Category.QUALITY, threshold=50))
        save_season(category=Category.QUALITY, threshold=50)
    alice.add("One")
    alice.add("Two")
    assert len(completed(app, alice)) == 1


@pytest.mark.both_databases
def test_a_revoked_achievement_puts_the_completion_under_review(app, alice, admin, small):
    alice.add("One")
    alice.add("Two")
    points = alice.number("total_points")
    with working(app):
        revoke.revoke(admin.user, alice.user, "perfectionist", reason="A mistake")
    recheck(app)
    assert len(completed(app, alice)) == 1
    assert alice.number("total_points") == points - BY_CODE["perfectionist"].points


@pytest.mark.both_databases
def test_a_restored_achievement_completes_the_category_as_a_backfill(app, alice, admin, small):
    alice.add("One")
    with working(app):
        revoke.revoke(admin.user, alice.user, "perfectionist", reason="A mistake")
    alice.add("Two")
    assert not completed(app, alice)
    with working(app):
        revoke.restore(admin.user, alice.user, "perfectionist")
    assert completed(app, alice) == [("quality", 25, True)]


@pytest.mark.both_databases
def test_eight_concurrent_unlocks_pay_one_completion(app, alice, small):
    def earn(code):
        with working(app):
            found = composition.handler._registry(None).get(code)
            db.session.execute(
                sa.update(UserStats)
                .where(UserStats.user_id == alice.id)
                .values(updated_at=kernel_clock.now())
            )
            grant([Award(alice.id, found, kernel_clock.now())])

    alice.visit()
    codes = [entry.code for entry in SOCIAL] * 2
    at_once([lambda code=code: earn(code) for code in codes])
    assert [row.category for row in completed(app, alice)] == ["social"]
    bonus = completed(app, alice)[0].points
    awards = sum(entry.points for entry in SOCIAL)
    assert alice.number("total_points") == awards + bonus


@pytest.mark.both_databases
def test_two_applications_with_four_threads_each_pay_one_completion(make_app, app, alice, small):
    alice.visit()
    other = Charter(make_app(), alice.person)
    at_once(
        [
            lambda n=n, who=who: who.add(f"Song {n} {id(who)}")
            for n in range(4)
            for who in (alice, other)
        ]
    )
    assert completed(app, alice) == [("quality", 25, False)]
    awards = sum(BY_CODE[code].points for code in alice.codes)
    assert alice.number("total_points") == awards + 25


def test_without_an_unlock_an_action_takes_no_statement_for_categories(app, alice):
    alice.add("One")
    with statements_of(app) as seen:
        alice.add("Two")
    assert not [each for each in seen if "category" in each.replace("achievements.category", "")]


def test_an_unlock_takes_one_statement_for_categories(app, alice):
    with statements_of(app) as seen:
        alice.add("One")
    assert len([each for each in seen if "category_editions" in each]) == 1


# --- pages, API, toasts, notifications -----------------------------------------------------------


def test_the_page_shows_the_edition_and_what_is_new_since(
    app, clock, alice, as_alice, small, deploy
):
    alice.add("One")
    page = as_alice.get("/achievements/")
    assert "25 bonus points when complete" in page.text
    alice.add("Two")
    year = f"{kernel_clock.now():%Y}"
    assert f"complete, {year}" in as_alice.get("/achievements/").text
    clock.move(days=1)
    deploy.back()
    with working(app):
        sync.sync()
    text = as_alice.get("/achievements/").text
    assert "edition \N{MIDDLE DOT} 9 new since" in text
    item = {
        item["category"]: item
        for item in as_alice.api("GET", "/api/achievements/categories").json["items"]
    }["quality"]
    assert (item["complete"], item["bonus"], item["new_since"]) == (True, 25, 9)
    assert (item["earned"], item["total"]) == (2, 11)
    recheck(app)


def test_the_page_says_that_a_completion_is_under_review(app, alice, as_alice, admin, small):
    alice.add("One")
    alice.add("Two")
    with working(app):
        revoke.revoke(admin.user, alice.user, "perfectionist", reason="A mistake")
    assert "under review" in as_alice.get("/achievements/?category=quality").text
    items = as_alice.api("GET", "/api/achievements/categories").json["items"]
    assert [item["category"] for item in items if item["under_review"]] == ["quality"]


def test_a_completion_is_announced_once_by_a_toast_and_a_notification(app, alice, as_alice, small):
    as_alice.get("/songs/")
    as_alice.api("POST", "/api/songs/", {"title": "One", "artist": "A"})
    as_alice.get("/songs/")
    as_alice.api("POST", "/api/songs/", {"title": "Two", "artist": "A"})
    page = as_alice.get("/songs/")
    assert "25 bonus points" in page.one('[data-toast="category_completed"]').text
    assert not as_alice.get("/songs/").all('[data-toast="category_completed"]')
    items = as_alice.api("GET", "/api/notifications/").json["items"]
    told = [item["message"] for item in items if item["type"] == "category_completed"]
    assert len(told) == 1
    assert told[0].startswith("You completed Quality, ")
    assert "25 bonus points" in told[0]


@pytest.mark.both_databases
@pytest.mark.usefixtures("small")
def test_the_toast_of_a_category_survives_a_lost_response_and_is_shown_once(app, clock, alice):
    alice.add("One")
    with working(app):
        toasts.confirm(toasts.reserve(alice.id).award_ids)
    alice.add("Two")
    with working(app):
        lost = toasts.reserve(alice.id)
    with working(app):
        assert toasts.waiting(alice.id) is None
    clock.move(seconds=3)
    with working(app):
        again = toasts.reserve(alice.id, batch=toasts.waiting(alice.id))
    assert [each.category for each in again.categories] == ["quality"]
    assert lost.categories == again.categories
    with working(app):
        toasts.confirm(again.award_ids, user_id=alice.id, categories=again.categories)
    alice.given("dreamer")
    with working(app):
        assert toasts.reserve(alice.id).categories == ()


@pytest.mark.usefixtures("small")
def test_an_unread_page_leaves_the_toast_of_a_category_to_the_next(clock, alice, as_alice):
    alice.add("One")
    as_alice.get("/songs/")
    alice.add("Two")
    as_alice.client.get("/songs/", buffered=False).close()
    clock.move(seconds=2)
    assert as_alice.get("/songs/").all('[data-toast="category_completed"]')
    clock.move(seconds=3)
    assert not as_alice.get("/songs/").all('[data-toast="category_completed"]')


PLAYLIST = b"title,artist\nOne,Metallica\nTwo,Metallica\n"


@pytest.mark.both_databases
def test_an_import_shows_it_in_its_summary_and_its_undo_withdraws_it(app, alice, as_alice, small):
    as_alice.get("/songs/")
    made = as_alice.post("/imports/", file=(io.BytesIO(PLAYLIST), "list.csv"), start="1")
    assert completed(app, alice) == [("quality", 25, True)]
    page = as_alice.get("/songs/")
    assert "Category completed: Quality" in page.one('[data-toast="summary"]').text
    assert not page.all('[data-toast="category_completed"]')
    assert score(app, alice) is None
    as_alice.post(f"{made.location}/undo")
    assert completed(app, alice) == []
    assert alice.number("total_points") == 0
