"""What abusers try, each with a named test; and what no other file tests of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.belongings import belongings_of
from tests.support.browsing import Browser
from tests.support.charter import statements_of
from tests.support.people import add_person, work_together, working
from tests.support.songs import add_song
from trackflow_web.domain.people.models import Audience
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song

TESTS = Path(__file__).parent.parent
# Each attempt, and the tests in which it fails.
ABUSE = {
    "names are guessed by responses and by time": """
        security/test_visibility.py::test_every_output_shows_her_to_those_who_may_see_her
        security/test_abuse.py::test_what_is_private_takes_the_same_statements_as_what_is_missing""",
    "an award that is not public is looked for everywhere": """
        security/test_visibility.py::test_every_output_shows_her_to_those_who_may_see_her
        achievements/test_public_badges.py::test_public_points_and_level_count_hidden_awards""",
    "what became private is read from caches": """
        security/test_abuse.py::test_what_becomes_private_is_gone_at_the_next_request
        community/test_highlights.py::test_the_rarest_award_is_chosen_and_withdrawn_when_its_owner_hides
        """,
    "a joint release names a private collaborator": """
        security/test_abuse.py::test_a_private_collaborator_is_named_nowhere
        community/test_feed.py::test_a_hidden_collaborator_is_one_more""",
    "a blocked user looks for another door": """
        security/test_visibility.py::test_every_output_shows_her_to_those_who_may_see_her
        pages/test_blocks.py::test_a_blocked_user_finds_the_blocker_as_missing""",
    "comments and reactions of what is private are fetched by id": """
        pages/test_comments.py::test_nothing_is_shown_of_what_became_private
        security/test_access.py::test_another_users_object_looks_like_a_missing_one""",
    "a notification keeps the title of what became private": """
        notifications/test_inbox.py::test_what_became_private_shows_neither_name_nor_title
        notifications/test_inbox.py::test_nothing_that_is_stored_names_anybody""",
    "a live stream tells more than versions": """
        notifications/test_streams.py::test_a_stream_tells_the_version_now_and_when_it_changes
        notifications/test_streams.py::test_another_persons_notifications_are_not_told""",
    "the feed of a private user is asked for by id": """
        community/test_feed.py::test_entries_of_hidden_owners_are_left_out""",
    "a gap on a leaderboard tells who opted out": """
        achievements/test_leaderboards.py::test_who_opts_out_leaves_no_gap_and_is_told_why
        """,
    "an export contains what others wrote": """
        accounts/test_export.py::test_the_export_omits_data_of_other_users""",
    "notifications of others are read by id": """
        notifications/test_inbox.py::test_what_is_somebody_elses_is_not_there
        notifications/test_inbox.py::test_read_all_covers_only_what_was_shown""",
    "users act as administrators": """
        security/test_access.py::test_a_demoted_administrator_loses_access_at_once
        pages/test_admin_accounts.py::test_the_last_administrator_can_be_neither_banned_nor_demoted
        pages/test_blocks.py::test_administrators_can_be_muted_and_not_blocked""",
    "a notification redirects to another site": """
        notifications/test_inbox.py::test_following_the_link_reads_it_and_leads_to_its_subject
        security/test_redirects.py::test_forms_never_redirect_to_another_site""",
    "another site sends requests": """
        security/test_csrf.py::test_forged_requests_are_rejected_by_every_endpoint_and_change_nothing
        security/test_csrf.py::test_method_overrides_are_ignored""",
    "signed links are changed or kept": """
        pages/test_recovery.py::test_a_forged_token_is_not_found
        embeds/test_feeds.py::test_the_private_feed_follows_and_can_be_replaced""",
    "a scanner of mail follows the link that unsubscribes": """
        notifications/test_digest.py::test_one_post_unsubscribes_without_a_session_and_a_look_does_not
        notifications/test_digest.py::test_a_token_ends_with_the_address""",
    "follows flood a user": """
        notifications/test_handler.py::test_a_thousand_follows_and_unfollows_are_one_notice
        domain/relations/test_relations.py::test_only_changes_count_towards_the_limit""",
    "reactions flood a user": """
        domain/reactions/test_reactions.py::test_a_thousand_changes_are_one_row_and_the_limit_ends_them
        notifications/test_talk.py::test_a_reaction_taken_back_goes_and_does_not_ring_again""",
    "mentions flood users": """
        notifications/test_talk.py::test_a_hundred_mentions_reach_five
        domain/comments/test_comments.py::test_mentions_are_capped_in_a_text_and_by_a_limit_over_edits
        """,
    "an import floods feed and inboxes": """
        community/test_feed.py::test_an_import_is_one_line
        notifications/test_handler.py::test_an_import_rings_nowhere_but_with_its_achievements""",
    "a song is released again and again": """
        community/test_projection.py::test_moving_a_song_back_and_forth_leaves_one_entry
        notifications/test_handler.py::test_moving_back_and_forth_tells_once_a_release_that_stays""",
    "a release has too many followers": """
        notifications/test_fan_out.py::test_many_recipients_are_left_to_a_job
        notifications/test_fan_out.py::test_a_job_that_was_cut_off_tells_everybody_once""",
    "streams take all threads": """
        notifications/test_streams.py::test_more_streams_than_threads_get_204
        notifications/test_streams.py::test_one_user_does_not_get_all_streams""",
    "pages of lists are forged": """
        community/test_feed.py::test_a_bad_parameter_is_named
        achievements/test_leaderboards.py::test_a_malformed_cursor_is_refused
        api/test_songs.py::test_a_forged_cursor_is_rejected_by_name""",
    "a comment breaks the page": """
        domain/comments/test_comments.py::test_hostile_texts_are_harmless""",
    "reports are used as a weapon": """
        pages/test_moderation.py::test_newcomers_and_frequent_mistakes_do_not_hide_anything
        pages/test_moderation.py::test_three_independent_reports_hide_a_profile_until_a_moderator_decides
        pages/test_held.py::test_the_log_undoes_a_decision""",
    "friends choose the highlight": """
        community/test_highlights.py::test_the_release_with_most_reactions_of_others_is_chosen
        community/test_highlights.py::test_one_reaction_is_not_enough
        domain/reactions/test_reactions.py::test_nobody_reacts_to_their_own""",
    "an award behind a closed place is revoked": """
        achievements/test_categories.py::test_a_revoked_achievement_puts_the_completion_under_review
        achievements/test_leaderboards.py::test_places_are_final_48_hours_after_the_end""",
    "work lies on the border of two weeks": """
        achievements/test_leaderboards.py::test_work_lies_in_exactly_one_week_month_and_year
        achievements/test_streak.py::test_a_change_of_zone_cannot_earn_a_second_day""",
    "a season ends while nothing counts": """
        achievements/test_custom_entries.py::test_a_closed_period_is_no_longer_counted
        achievements/test_custom_entries.py::test_a_period_includes_its_start_and_excludes_its_end""",
    "a bonus is paid twice": """
        achievements/test_leaderboards.py::test_a_level_never_falls
        achievements/test_categories.py::test_eight_concurrent_unlocks_pay_one_completion""",
    "a name breaks a badge": """
        embeds/test_badges.py::test_any_name_gives_well_formed_svg_without_links""",
    "badges are used to read pages of others": """
        embeds/test_badges.py::test_a_badge_has_its_own_headers_and_no_cookie
        embeds/test_badges.py::test_only_badges_may_be_embedded_elsewhere
        embeds/test_badges.py::test_parameters_are_from_a_closed_list""",
}


@pytest.mark.parametrize("attempt", ABUSE)
def test_every_attempt_has_a_test(attempt):
    for name in ABUSE[attempt].split():
        path, _, test = name.partition("::")
        tree = ast.parse((TESTS / path).read_text("utf-8"))
        assert test in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, name


# --- by time -------------------------------------------------------------------------------------

# Time on a busy machine says little; what the database is asked is what takes it.
PRIVATE = """
/users/{username}
/users/{username}/card
/users/{username}/compare
/users/{username}/report
/users/{username}/achievements/dreamer
/users/{username}/badge.svg
/users/{username}/shield.json
/users/{username}/feed.atom
/api/users/{username}
/api/community/users/{username}
/releases/{song_id}
/packs/{pack_id}
/series/{series_id}
/comments/release/{song_id}
/comments/pack/{pack_id}
/reactions/pack/{pack_id}
/report/pack/{pack_id}
/api/comments/release/{song_id}
"""
MISSING = {"username": "nobodyhere", "song_id": 987654, "pack_id": 987654, "series_id": 987654}


@pytest.fixture
def private(app, alice):
    """What Alice has released, of a profile that only she sees."""
    values = belongings_of(app, alice)
    with working(app):
        song = find_song(values["song_id"], for_update=True)
        songs.move_song(song, alice.user, status="released")
        alice.user.audience = Audience.ME
    return values


@pytest.mark.parametrize("signed_in", [True, False])
def test_what_is_private_takes_the_same_statements_as_what_is_missing(app, private, bob, signed_in):
    browser = Browser(app)
    if signed_in:
        browser.enter(bob)
    for address in PRIVATE.split():
        asked = []
        for values in (private, MISSING):
            path = address.format_map(values)
            browser.get(path)
            with statements_of(app) as seen:
                status = browser.get(path).status
            asked.append((status, [_shape_of(each) for each in seen]))
        assert asked[0] == asked[1], address


def _shape_of(statement):
    """A statement without the id that is a literal there, which is another one for each object."""
    return re.sub(r"\bIN \([0-9]+\)", "IN (?)", re.sub(r"\s+", " ", statement))


# --- caches --------------------------------------------------------------------------------------


def test_what_becomes_private_is_gone_at_the_next_request(app, private, alice, as_bob, stranger):
    with working(app):
        alice.user.audience = Audience.EVERYONE
    release = f"/releases/{private['song_id']}"
    files = [f"/users/alice/{name}" for name in ("badge.svg", "badge.png", "shield.json")]
    files += ["/users/alice/feed.atom", release]
    tags = {path: stranger.client.get(path) for path in files}
    assert {answer.status_code for answer in tags.values()} == {200}
    lists = ("/community/feed.atom", "/sitemap.xml")
    with working(app):
        alice.user.audience = Audience.ME
    for path, before in tags.items():
        headers = {"If-None-Match": before.headers.get("ETag", '"none"')}
        assert stranger.client.get(path, headers=headers).status_code == 404, path
    for path in lists:
        assert release not in stranger.get(path).html, path
    for path in ("/community/feed", "/api/community/feed", "/community/releases", "/community/"):
        assert release not in as_bob.get(path).html, path


# --- joint releases ------------------------------------------------------------------------------


def test_a_private_collaborator_is_named_nowhere(app, alice, as_bob, as_alice, stranger):
    name = "quorra"
    her = add_person(app, name)
    song_id = add_song(app, alice, "Joint")
    work_together(app, alice, her)
    with working(app):
        song = find_song(song_id, for_update=True)
        collaborators.add_collaborator(song, username=name, limits=())
    with working(app):
        songs.move_song(find_song(song_id, for_update=True), alice.user, status="released")
        her.user.audience = Audience.ME
        alice.user.audience = Audience.EVERYONE
    page = f"/releases/{song_id}"
    public = (
        *(page, f"/oembed?url=http://localhost{page}", "/users/alice", "/users/alice/feed.atom"),
        *("/community/feed.atom", "/users/alice/shield.json"),
    )
    for_members = (
        *(page, "/community/", "/community/feed", "/api/community/feed", "/community/releases"),
        *("/api/community/releases", f"/comments/release/{song_id}", "/api/notifications/"),
    )
    for browser, addresses in ((stranger, public), (as_bob, for_members)):
        for address in addresses:
            answer = browser.get(address)
            assert answer.status == 200, address
            assert name not in answer.html.casefold(), address
