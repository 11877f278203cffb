"""The command that verifies badges."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.browsing import Browser
from tests.support.charter import Charter
from tests.support.people import add_person
from trackflow_web.cli.demo import issue_badge
from trackflow_web.composition import HANDLERS
from trackflow_web.credentials.baking import MOST_BYTES
from trackflow_web.credentials.models import Credential
from trackflow_web.demo import users
from trackflow_web.kernel.database import db

CODE = "artisan"


@pytest.fixture
def site(make_app):
    return make_app(
        CREDENTIAL_KEY="a secret of more than thirty-two characters",
        SITE_URL="https://trackflow.example",
    )


@pytest.fixture
def badge(site, tmp_path):
    """`badge("png")`: the file of a badge of this site."""
    person = add_person(site, "alva")
    Charter(site, person).given(CODE)
    browser = Browser(site)
    browser.enter(person)
    address = browser.post(f"/achievements/{CODE}/badge").location

    def file(form):
        path = tmp_path / f"badge.{form}"
        path.write_bytes(browser.client.get(f"{address}.{form}").get_data())
        return path

    return file


def verify(app, path):
    return app.test_cli_runner().invoke(args=["credentials", "verify", str(path)])


@pytest.mark.parametrize("form", ["json", "png", "svg"])
def test_a_badge_is_verified_from_a_file(site, badge, form):
    done = verify(site, badge(form))
    assert done.exit_code == 0, done.output
    assert "Achievement: Artisan" in done.output
    assert "Issuer: did:web:trackflow.example" in done.output


def test_what_does_not_stand_ends_with_an_error(site, app, badge, tmp_path, subtests):
    path = badge("json")
    changed, large = tmp_path / "changed.json", tmp_path / "large.png"
    changed.write_bytes(path.read_bytes().replace(b"Artisan", b"Maestro"))
    large.write_bytes(bytes(MOST_BYTES + 1))
    for where, file, message in (
        (site, changed, "signature doesn't match"),
        (site, large, "larger than 512 kB"),
        (app, path, "doesn't issue badges"),
        (site, tmp_path / "none.json", "does not exist"),
    ):
        with subtests.test(name=message):
            done = verify(where, file)
            assert done.exit_code != 0
            assert message in done.output


def test_the_demo_user_has_a_badge_where_the_site_issues_some(site, app):
    Charter(app, add_person(app, users.DEMO.username)).given(CODE)
    for where, expected in ((app, 0), (site, 1)):
        with where.app_context():
            issue_badge(HANDLERS)
            count = sa.select(sa.func.count()).select_from(Credential)
            assert db.session.scalar(count) == expected
