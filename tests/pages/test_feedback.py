"""The pages that feature requests and bug reports share."""

from __future__ import annotations

import pytest

from tests.support.browsing import Browser

BOARDS = ["/features/", "/bugs/"]
pytestmark = pytest.mark.parametrize("board", BOARDS)


def submit(browser, board, title="Dark mode", description="For the night."):
    """Submit one; return its URL."""
    answer = browser.post(board, title=title, description=description)
    assert answer.status == 303, answer
    return answer.location


@pytest.fixture
def by_alice(as_alice, board):
    """The URL of one that Alice wrote."""
    return submit(as_alice, board)


def number_of(browser, board):
    """How many of the reader's own count."""
    code = {"/features/": "innovator", "/bugs/": "quality_guardian"}[board]
    return int(browser.get(f"/achievements/{code}").one("main progress")["value"])


# --- the list ----------------------------------------------------------------------------------


def test_an_empty_list_invites_to_submit(board, as_alice):
    page = as_alice.get(board)
    assert page.one(".empty__title").text.startswith("No ")
    assert not page.one("#new").has_attr("open")


def test_a_submitted_item_is_visible_to_all_users(board, as_alice, as_charlie):
    address = submit(as_alice, board)
    assert as_alice.follow().one("h1").text == "Dark mode"
    row = as_charlie.get(board).one(".ask")
    assert row.select_one(f'a[href="{address}"]').text == "Dark mode"
    assert row.select_one('a[href="/users/alice"]')
    assert "Open" in row.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"description": "b"}, "title"),
        ({"title": "a"}, "description"),
        ({"title": " ", "description": "b"}, "title"),
        ({"title": "a" * 201, "description": "b"}, "title"),
        ({"title": "a", "description": "b" * 10_001}, "description"),
        ({"title": "a\x00b", "description": "b"}, "title"),
    ],
)
def test_invalid_input_is_rejected_at_its_field_and_kept(board, as_alice, fields, field):
    page = as_alice.post(board, **fields)
    assert page.status == 422
    assert set(page.errors()) == {field}
    assert page.one("#new").has_attr("open")
    assert page.one("#title")["value"] == fields.get("title", "").strip("\x00")
    assert page.one("#description").text.strip() == fields.get("description", "")


@pytest.mark.parametrize(
    "query", ["status=wip", "sort=title", "page=0", "page=x", "q=" + "a" * 101]
)
def test_an_invalid_list_argument_is_rejected_by_name(board, as_alice, query):
    page = as_alice.get(f"{board}?{query}")
    assert page.status == 422
    assert query.partition("=")[0] in page.text


def test_a_search_with_htmx_returns_the_list_only(board, as_alice):
    submit(as_alice, board, "Dark mode")
    submit(as_alice, board, "Louder", "At least one.")
    page = as_alice.get(board, htmx="asks", q="NIGHT")
    assert not page.soup.html
    assert [row.text.strip() for row in page.all(".ask__title")] == ["Dark mode"]
    assert page.one("[role=status]").text.startswith("1 ")


def test_an_empty_search_result_links_to_the_list_without_the_search(board, as_alice):
    page = as_alice.get(board, q="nothing", status="open")
    assert [link["href"] for link in page.all(".empty a")] == [
        f"{board}?status=open",
        f"{board}?q=nothing",
    ]


def test_the_counts_of_the_tabs_follow_the_search(board, as_alice):
    submit(as_alice, board)
    submit(as_alice, board, title="Light mode")
    for q, expected in [("dark", "1"), ("mode", "2"), ("zzz", "0")]:
        page = as_alice.get(board, q=q)
        assert page.one("#tab-all .tabs__count").text == page.one("#tab-open .tabs__count").text
        assert page.one("#tab-all .tabs__count").text == expected


def test_a_tab_shows_one_status(board, as_alice):
    withdrawn = submit(as_alice, board, "Never mind")
    as_alice.post(f"{withdrawn}/withdraw")
    submit(as_alice, board, "Louder")
    page = as_alice.get(board, status="withdrawn")
    assert [row.text.strip() for row in page.all(".ask__title")] == ["Never mind"]
    assert page.one(".tabs [aria-current]").text.split() == ["Withdrawn", "1"]


def test_links_to_pages_keep_the_filters(board, make_app, alice):
    browser = Browser(make_app(LIMIT_FEEDBACK="100/1 day"))
    browser.enter(alice)
    for number in range(21):
        submit(browser, board, f"Louder {number}")
    page = browser.get(board, q="louder", sort="votes")
    assert len(page.all(".ask")) == 20
    assert page.one("[rel=next]")["href"] == f"{board}?q=louder&sort=votes&page=2"
    page = browser.get(page.one("[rel=next]")["href"])
    assert len(page.all(".ask")) == 1
    assert page.one("[rel=prev]")


# --- one of them -------------------------------------------------------------------------------


def test_markup_in_descriptions_is_escaped(board, as_alice, as_bob):
    hostile = '<img src=x onerror="go()"><b hx-get="/logout">& {{ 7 * 7 }}'
    address = submit(as_alice, board, hostile, hostile)
    as_bob.post(f"{address}/comments", body=hostile)
    page = as_bob.get(address)
    assert page.one("h1").text == hostile
    assert [said.text for said in page.all(".said, .comment__text p")] == [hostile, hostile]
    assert all(said.has_attr("hx-disable") for said in page.all(".said, h1, .comment__text"))
    assert as_bob.get(board).one(".ask__title").text.strip() == hostile


def test_line_breaks_are_kept(board, as_alice):
    address = submit(as_alice, board, description="One\r\n  two\r\n\r\nthree")
    assert as_alice.get(address).one(".said").text == "One\n  two\n\nthree"


def test_a_new_comment_appears_at_the_end(board, by_alice, as_bob, as_charlie):
    as_bob.post(f"{by_alice}/comments", body="Me too.")
    answer = as_charlie.post(f"{by_alice}/comments", body="Me not.")
    assert answer.status == 303
    path, _, anchor = answer.location.partition("#")
    page = as_charlie.get(path)
    assert [said.text for said in page.all(".comment__text p")] == ["Me too.", "Me not."]
    assert "Me not." in page.one(f"#{anchor}").text


def test_a_comment_with_htmx_returns_the_thread(board, by_alice, as_bob):
    page = as_bob.post(f"{by_alice}/comments", htmx="thread", body="Me too.")
    assert page.status == 200
    assert page.one("#thread .comment__text p").text == "Me too."
    assert page.one("#body").text.strip() == ""


@pytest.mark.parametrize("body", [None, " \n ", "a" * 5_001])
@pytest.mark.parametrize("htmx", [False, "thread"])
def test_an_invalid_comment_is_rejected_at_its_field_and_kept(board, by_alice, as_bob, body, htmx):
    page = as_bob.post(f"{by_alice}/comments", htmx=htmx, body=body)
    assert page.status == 422
    assert set(page.errors()) == {"body"}
    assert page.one("#body").text.strip() == (body or "").strip()


def test_the_fifty_first_comment_is_on_the_next_page(board, by_alice, make_app, bob):
    browser = Browser(make_app(LIMIT_COMMENTS="200/1 hour"))
    browser.enter(bob)
    for number in range(51):
        answer = browser.post(f"{by_alice}/comments", body=f"Number {number}")
    page = browser.follow()
    assert answer.location.endswith(f"#{page.all('[data-comment]')[-1]['id']}")
    assert page.all(".comment__text p")[-1].text == "Number 50"
    first = browser.get(by_alice)
    assert len(first.all("[data-comment]")) == 50
    following = browser.get(first.one("#comments-next")["href"])
    assert [said.text for said in following.all(".comment__text p")] == ["Number 50"]


# --- withdrawing and deciding ------------------------------------------------------------------


def test_withdrawing_lowers_the_authors_counter(board, as_alice):
    address = submit(as_alice, board)
    assert number_of(as_alice, board) == 1
    assert as_alice.post(f"{address}/withdraw").status == 303
    page = as_alice.follow()
    assert "Withdrawn" in page.one(".ask-head").text
    assert not page.all(f'form[action="{address}/withdraw"]')
    assert number_of(as_alice, board) == 0


def test_an_administrator_sets_the_status_with_a_reason(board, by_alice, as_admin, as_alice):
    answer = as_admin.post(f"{by_alice}/status", status="duplicate", reason="See the other one.")
    assert answer.status == 303
    assert number_of(as_alice, board) == 0
    page = as_alice.get(by_alice)
    assert "See the other one." in page.one(".ask-head .notice").text
    assert "olga changed status to Duplicate" in " ".join(
        page.one("[data-comment] .comment__by").text.split()
    )
    # The page says it once, also after a comment without a reload.
    comment = as_alice.request(
        "POST",
        page.one(".comment-form")["action"],
        htmx="thread",
        headers={"HX-Current-URL": f"http://localhost{by_alice}"},
        data={"body": "Thanks.", "csrf_token": as_alice.token()},
    )
    assert "Thanks." in comment.text
    assert "See the other one." not in comment.text
    as_admin.post(f"{by_alice}/status", status="open")
    assert number_of(as_alice, board) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "status"),
        ({"status": "withdrawn"}, "status"),
        ({"status": "great"}, "status"),
        ({"status": "open", "reason": "a" * 501}, "reason"),
    ],
)
def test_an_invalid_decision_is_rejected_at_its_field(board, by_alice, as_admin, fields, field):
    page = as_admin.post(f"{by_alice}/status", **fields)
    assert page.status == 422
    assert set(page.errors()) == {field}
    assert page.one("#reason").text.strip() == fields.get("reason", "")


# --- access ------------------------------------------------------------------------------------


def test_anonymous_visitors_are_redirected_to_sign_in(board, by_alice, stranger):
    for path in (board, by_alice):
        answer = stranger.get(path)
        assert answer.status == 303
        assert answer.location.startswith("/login?next=")
    for path in (board, *(f"{by_alice}/{deed}" for deed in ("comments", "withdraw", "status"))):
        assert stranger.post(path).location.startswith("/login")


def test_other_users_may_only_read_and_comment(board, by_alice, as_charlie):
    page = as_charlie.get(by_alice)
    assert not page.all('form[action$="/withdraw"], form[action$="/status"]')
    assert as_charlie.post(f"{by_alice}/comments", body="Hm.").status == 303
    assert as_charlie.post(f"{by_alice}/withdraw").status == 403
    assert as_charlie.post(f"{by_alice}/status", status="open").status == 403


def test_the_author_may_not_set_the_status(board, by_alice, as_alice):
    page = as_alice.get(by_alice)
    assert page.one('form[action$="/withdraw"]')
    assert not page.all('form[action$="/status"]')
    assert as_alice.post(f"{by_alice}/status", status="open").status == 403


def test_an_administrator_may_not_withdraw_for_others(board, by_alice, as_admin):
    page = as_admin.get(by_alice)
    assert page.one('form[action$="/status"]')
    assert not page.all('form[action$="/withdraw"]')
    assert as_admin.post(f"{by_alice}/withdraw").status == 403


def test_missing_items_return_404(board, by_alice, as_admin):
    other_board = next(other for other in BOARDS if other != board)
    not_there = f"{other_board}{by_alice.removeprefix(board)}"
    for address in (f"{board}999999", f"{board}999999999999999999", not_there):
        assert as_admin.get(address).status == 404
        for deed in ("comments", "withdraw", "status"):
            assert as_admin.post(f"{address}/{deed}", status="open", body="x").status == 404


# --- limits ------------------------------------------------------------------------------------


def test_a_sixth_submission_within_a_day_is_rejected(board, as_alice, as_bob, clock):
    for number in range(5):
        submit(as_alice, BOARDS[number % 2])
    page = as_alice.post(board, title="Sixth", description="Once more.")
    assert page.status == 429
    assert page.headers["Retry-After"] == str(24 * 3600)
    assert "Try again later" in page.alert()
    assert page.one("#title")["value"] == "Sixth"
    assert page.one("#description").text.strip() == "Once more."
    submit(as_bob, board)
    clock.move(days=1)
    submit(as_alice, board)


def test_a_rejected_request_still_records_the_visit_of_the_day(board, as_alice, clock):
    clock.move(days=1)
    assert as_alice.post(board, title="", description="").status == 422
    clock.move(days=1)
    submit(as_alice, board)  # the invariants compare the streak with the visits


def test_a_comment_over_the_limit_keeps_its_text(board, by_alice, make_app, bob):
    browser = Browser(make_app(LIMIT_COMMENTS="1/1 hour"))
    browser.enter(bob)
    browser.post(f"{by_alice}/comments", body="One.")
    page = browser.post(f"{by_alice}/comments", body="Two.")
    assert page.status == 429
    assert page.one("#body").text.strip() == "Two."
    assert page.alert()
