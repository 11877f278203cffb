"""The API of profiles."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.charter import Charter
from tests.support.people import working
from trackflow_web.achievements.awards import visibility
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db


@pytest.fixture
def worker(app, alice):
    return Charter(app, alice)


@pytest.mark.both_databases
def test_a_profile_contains_public_data_only(program_of, bob, worker):
    worker.given("artisan", "perfectionist")
    with working(worker.app):
        visibility.set_visibility(worker.user, "artisan", public=False)
    answer = program_of(bob).get("/api/users/alice").json
    assert [one["code"] for one in answer["achievements"]] == ["perfectionist"]
    assert set(answer) == {
        *("username", "display_name", "bio", "links", "avatar"),
        *("since", "points", "level", "achievements"),
    }
    assert (answer["username"], answer["points"], answer["level"]) == ("alice", 110, 2)
    assert answer["achievements"][0]["earned_at"].endswith("Z")


@pytest.mark.parametrize("change", [{"banned_at": clock.now()}, {"audience": "me"}])
def test_hidden_profiles_return_404(program_of, bob, worker, change):
    with working(worker.app):
        db.session.execute(sa.update(User).where(User.id == worker.id).values(**change))
    assert program_of(bob).get("/api/users/alice").status_code == 404


@pytest.mark.both_databases
def test_names_without_a_profile_return_404(subtests, program_of, bob, worker):
    for name in ["nobody", "Alice", "al%00ice", "a" * 300]:
        with subtests.test(name=name):
            assert program_of(bob).get(f"/api/users/{name}").status_code == 404
