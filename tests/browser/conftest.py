"""A headless Chromium looking at the real application. Collected only with `--all`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.charter import signed_in_client
from tests.support.live_server import serving
from tests.support.programs import chromium
from tests.support.watching import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Browser, Page

    from tests.support.people import Person

# Without these Chromium contacts its vendor's servers.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Chromium has no sandbox for root, which containers often use.
FLAGS_FOR_ROOT = ("--no-sandbox",)
MILLISECONDS_TO_WAIT = 10_000
DESKTOP = {"width": 1280, "height": 800}
# `<ol id="toasts" role="status" aria-live="polite">` is fixed markup: programs look for it. ARIA in
# HTML does not allow `ol` the role `status`, which axe calls minor. Browsers apply the role all the
# same, and the items have the role `presentation`, so that no items without a list remain.
EXEMPT = "aria-allowed-role"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- only in requirements-dev.txt

    flags = [*FLAGS, *(FLAGS_FOR_ROOT if os.geteuid() == 0 else ())]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def live_server(app: Flask) -> Iterator[str]:
    """The URL of the application, on a fresh database."""
    with serving(app) as address:
        yield address


@pytest.fixture
def watch(live_server: str) -> Watch:
    """`watch.allow("429")` for a test in which something is meant to go wrong."""
    return Watch(live_server)


@pytest.fixture
def new_page(
    chromium_browser: Browser, live_server: str, watch: Watch
) -> Iterator[Callable[..., Page]]:
    """`new_page(java_script_enabled=False, color_scheme="dark", ...)`: a page of its own cookies.

    Fails the test on errors of the console or of scripts and on requests to foreign hosts.
    """
    contexts = []

    def make(**options: object) -> Page:
        context = chromium_browser.new_context(
            **{"base_url": live_server, "viewport": DESKTOP, **options}
        )
        context.set_default_timeout(MILLISECONDS_TO_WAIT)
        watch.over(context)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    problems = watch.problems()
    assert not problems, "\n".join(problems)


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


@pytest.fixture
def page_without_javascript(new_page: Callable[..., Page]) -> Page:
    return new_page(java_script_enabled=False)


@pytest.fixture
def sign_in() -> Callable[[Page, Person], None]:
    """`sign_in(page, alice)` through the form, like a user."""

    def sign_in(page: Page, person: Person) -> None:
        page.goto("/login")
        page.fill("[name=username]", person.username)
        page.fill("[name=password]", person.password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda address: "/login" not in address)

    return sign_in


@pytest.fixture
def let_in(app: Flask, live_server: str) -> Callable[[Page, Person], None]:
    """`let_in(page, alice)`: sign in by her cookie, which is quicker."""

    def let_in(page: Page, person: Person) -> None:
        cookie = signed_in_client(app, person).get_cookie("session")
        assert cookie
        page.context.add_cookies([{"name": "session", "value": cookie.value, "url": live_server}])

    return let_in


@pytest.fixture
def axe() -> Callable[..., None]:
    """`axe(page)` fails on whatever axe-core finds but EXEMPT; `axe(page, "rule")` on that rule."""

    def axe(page: Page, *rules: str) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found = page.evaluate("async options => (await axe.run(options)).violations", options)
        problems = [
            f"{rule['impact']}: {rule['help']}: {node['html']} {node['failureSummary']}"
            for rule in found
            for node in rule["nodes"]
            if not (rule["id"] == EXEMPT and node["target"] == ["#toasts"])
        ]
        assert not problems, f"{page.url}\n" + "\n".join(problems)

    return axe
