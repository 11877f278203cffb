"""One mapping from exceptions to statuses, rendered as a page or as a problem document."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
import structlog
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge

from trackflow_web.domain.songs import queries
from trackflow_web.kernel.errors import Duplicate, Forbidden, Invalid, NotFound, TooMany
from trackflow_web.web.failures import classify

BUSY = sa.exc.OperationalError("SELECT 1", {}, Exception("database is locked"))
BROKEN_ROW = sa.exc.IntegrityError("INSERT", {}, Exception("CHECK constraint failed"))
STATUSES = [
    (Invalid(q="Too long."), 422),
    (Duplicate(7, title="You have it."), 422),
    (NotFound(), 404),
    (Forbidden("Not this."), 403),
    (TooMany("Slowly.", 7), 429),
    (BUSY, 503),
    (sa.exc.TimeoutError("no connection"), 503),
    (BROKEN_ROW, 500),
    (MethodNotAllowed(valid_methods=["GET"]), 405),
    (RequestEntityTooLarge(), 413),
    (ZeroDivisionError("secret"), 500),
]


@pytest.fixture
def respond_to(as_alice, monkeypatch):
    """`respond_to(error)`: the responses of a page and of the API in which it is raised."""

    def respond(error):
        def fail(*_arguments, **_options):
            raise error

        with monkeypatch.context() as patch:
            for name in ("list_songs", "songs_after"):
                patch.setattr(queries, name, fail)
            return [as_alice.client.get(path) for path in ("/songs/", "/api/songs/")]

    return respond


def test_pages_and_api_give_an_exception_the_same_status_and_headers(respond_to):
    for error, status in STATUSES:
        page, problem = respond_to(error)
        assert (page.status_code, problem.status_code) == (status, status), error
        assert page.mimetype == "text/html"
        assert problem.mimetype == "application/problem+json"
        for header in ("Retry-After", "Allow", "Cache-Control"):
            assert page.headers.get(header) == problem.headers.get(header), (error, header)


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "/imports/", "16 MB and 10,000 rows"),
        ("POST", "/settings/profile", "picture of up to 2 MB"),
        ("POST", "/songs/1/cover", "picture of up to 8 MB"),
        ("PUT", "/api/packs/1/cover", "picture of up to 8 MB"),
        ("POST", "/api/imports/charts", ""),
    ],
)
def test_a_file_that_is_too_large_is_told_its_own_limit(app, method, path, said):
    with app.test_request_context(path, method=method):
        detail = classify(RequestEntityTooLarge()).detail
    assert said in detail
    assert bool(said) == bool(detail)


def test_an_unexpected_exception_is_logged_under_the_reference_of_the_response(respond_to):
    with structlog.testing.capture_logs() as logs:
        page, problem = respond_to(ZeroDivisionError("secret"))
    references = [line["reference"] for line in logs if line["event"] == "request_failed"]
    assert len(references) == 2
    assert f"reference: {references[0]}." in page.text
    assert problem.json["reference"] == references[1]
    assert "secret" not in page.text + problem.text


def test_an_api_duplicate_error_has_the_existing_object(respond_to):
    _, problem = respond_to(Duplicate(7, title="You have it."))
    assert problem.json["existing_id"] == 7
    assert problem.json["errors"] == {"title": "You have it."}


def test_a_slash_at_the_end_that_no_address_has_leads_to_the_address_without_it(subtests, as_alice):
    for path, address in {
        "/stats/": "/stats",
        "/community/feed/?type=packs&q=a%0A%22": "/community/feed?type=packs&q=a%0A%22",
        "/api/community/feed/?limit=5": "/api/community/feed?limit=5",
        "/users/nobody/": "/users/nobody",
    }.items():
        with subtests.test(path=path):
            page = as_alice.get(path)
            assert (page.status, page.location) == (308, address)
    for path in ("/nothing/", "/api/", "/api/nothing/"):
        with subtests.test(path=path):
            assert as_alice.client.get(path).status_code == 404


def test_a_form_that_is_sent_to_an_address_with_such_a_slash_is_unknown(as_alice):
    page = as_alice.post("/reactions/", subject="release", id="1", kind="like")

    assert page.status == 404
