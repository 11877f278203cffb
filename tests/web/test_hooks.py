"""The hooks around every view: one list, in the order in which they run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trackflow_web.web import hooks

PACKAGE = Path(__file__).parents[2] / "trackflow_web"
REGISTRATION = re.compile(
    r"(?<!_compress)\.(before_request|after_request|teardown_request|teardown_appcontext|errorhandler"
    r"|register_error_handler|before_app_request|after_app_request|wsgi_app)\b"
)
MAY_REGISTER = {
    "web/hooks.py",
    # Called by hooks.py: the one error handler, and the middleware that measures requests.
    "web/errors.py",
    "web/ops/metrics.py",
    # A file that is too large is rejected before the view, and its form shows the limit.
    "pages/imports/views.py",
    "pages/charts/views.py",
}


def test_only_the_hooks_module_registers_request_hooks():
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if REGISTRATION.search(path.read_text(encoding="utf-8"))
    }
    assert found <= MAY_REGISTER


LISTS = ("BEFORE_REQUEST", "AFTER_REQUEST", "TEARDOWN_REQUEST")


@pytest.mark.parametrize("path", ["/login", "/api/songs/"])
def test_hooks_run_in_the_order_of_the_lists(make_app, monkeypatch, path):
    ran = []

    def noting(hook):
        name = f"{hook.__module__}.{hook.__name__}"

        def run(*arguments):
            ran.append(name)
            return hook(*arguments)

        return name, run

    expected = []
    for hook_list in LISTS:
        noted = [noting(hook) for hook in getattr(hooks, hook_list)]
        expected += [name for name, _ in noted]
        monkeypatch.setattr(hooks, hook_list, tuple(run for _, run in noted))
    client = make_app().test_client()
    monkeypatch.undo()

    assert client.get(path).status_code in {200, 401}
    reached = [name for name in expected if name in ran]
    assert ran == reached
    if path == "/login":
        assert ran == expected
    else:  # no session: the hooks after authentication are skipped
        assert [name.rpartition(".")[2] for name in expected if name not in ran] == [
            "limit_searches",
            "authorize_api_write",
            "answer_repeated",
        ]
