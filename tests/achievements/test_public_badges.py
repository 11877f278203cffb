"""Public badges, and the comparison of two users."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.catalogues import BY_CODE
from trackflow_web.achievements.progress.public_badges import Badge, PublicBadges, compare

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def face(*codes, pins=(), points=0, best=1):
    """The first is the newest."""
    return PublicBadges(
        [
            Badge(
                BY_CODE[code],
                DAY - timedelta(days=age),
                BY_CODE[code].points,
                pins.index(code) + 1 if code in pins else None,
            )
            for age, code in enumerate(codes)
        ],
        points,
        best,
    )


def best(shown):
    return [badge.code for badge in shown.best]


COMMON = ("first_release", "perfectionist", "team_player", "first_finish", "getting_started")


def test_public_badges_without_pins_show_the_rarest_first():
    assert best(face(*COMMON, "artisan", "multi_talented")) == [
        "artisan",
        "multi_talented",
        "first_release",
        "perfectionist",
        "team_player",
    ]


def test_public_badges_show_pinned_awards_first():
    pins = ("getting_started", "first_release", "perfectionist", "first_finish")
    assert best(face(*COMMON, "artisan", pins=pins)) == list(pins)


def test_public_badges_with_one_pin_show_two_more():
    shown = face(*COMMON, "artisan", pins=("team_player",))
    assert best(shown) == ["team_player", "artisan", "first_release"]


def test_public_points_and_level_count_hidden_awards():
    shown = face("artisan", points=160)
    assert (shown.points, shown.level) == (160, 3)
    assert face("artisan", points=160, best=4).level == 4


def test_a_comparison_lists_what_each_and_both_have():
    found = compare(face("artisan", "first_release"), face("first_release", "perfectionist"))
    assert [badge.code for badge in found.only_mine] == ["artisan"]
    assert [badge.code for badge in found.only_theirs] == ["perfectionist"]
    assert [(own.code, other.code) for own, other in found.both] == [
        ("first_release", "first_release")
    ]
