"""Rendering of every page: accessibility, screen sizes, light and dark."""

from __future__ import annotations

import limits
import pytest
from playwright.sync_api import expect

from tests.support.charter import Charter
from tests.support.people import working
from tests.support.watching import STANDING
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import actions
from trackflow_web.domain.series import actions as series
from trackflow_web.kernel.database import db

FOR_STRANGERS = ("/", "/register", "/login", "/nothing-here")
FOR_OLGA = (
    "/songs/",
    "/songs/?q=polka",
    "/songs/{song}",
    "/songs/{song}/edit",
    "/achievements/",
    "/achievements/?q=polka",
    "/achievements/dreamer",
    "/achievements/trackflow_veteran",
    "/achievements/me",
    "/achievements/me/progress",
    "/settings/profile",
    "/settings/tokens",
    "/confirm",
    "/admin/rechecks/?user=",
    "/nothing-here",
)
# These are looked at once in the light on a large screen and once in the dark on a small one.
FOR_OLGA_TOO = (
    "/packs/",
    "/packs/{pack}",
    "/series/",
    "/series/{series}?track=1",
    "/imports/",
    "/imports/{file}",
    "/features/",
    "/features/{feature}",
    "/bugs/",
    "/stats",
    "/stats/gaps",
    "/users/olga",
    "/users/bob",
    "/users/bob/compare",
    "/settings/achievements?category=activity",
    "/notifications/",
    "/settings/notifications",
    "/settings/webhooks",
    "/settings/privacy",
    "/settings/connections",
)
PHONE, DESKTOP = {"width": 375, "height": 800}, {"width": 1280, "height": 800}
NARROWEST = {"width": 320, "height": 640}
# Larger shifts are noticeable to users (web.dev/cls).
MOST_SHIFT = 0.1

SHIFTS = """() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({type: "layout-shift"});
}"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def olga(app, admin):
    """Olga has done a bit of everything, and long words are among it."""
    olga = Charter(app, admin)
    olga.add("A" * 120, "B" * 120, album="C" * 120, year="1999", status="released")
    olga.add_many(3, status="wip")
    olga.given("devoted", "trackflow_veteran", "legendary_status", "universal_listener")
    with working(app):
        actions.create_token(olga.user, name="D" * 60, scope="read", days="30")
    return olga


@pytest.fixture
def places(app, olga, bob):
    """The ids in the URLs; all objects are hers, some with long words."""
    song = olga.add("One", year=1971, status="wip")
    with working(app):
        pack = packs.create_pack(olga.user, name="E" * 60)
        db.session.flush()
        packs.put_song(pack, song_id=song, optional=True)
        album = series.create_series(
            olga.user, artist="Metallica", album="F" * 60, year="", tracks=f"One\n{'G' * 60}"
        )
        csv = f"title,artist\nHurt,Johnny Cash\n{'H' * 60},{'I' * 60}\nOne,Metallica\n"
        file = imports.begin_file(olga.user, files.read(csv.encode()), name="J" * 60)
        app.extensions["trackflow.jobs"].start_import(file.id)
        feature, _ = [
            feedback.submit(
                who.user, kind, title="K" * 60, description="L" * 60, limit=limits.parse("9/day")
            )
            for who, kind in ((bob, Kind.FEATURE), (olga, Kind.BUG))
        ]
        db.session.flush()
        thread, once = feedback.thread_of(feature), comments.Limits((limits.parse("9/day"),))
        comments.write(thread, olga.user, body="M" * 60, limits=once)
        ids = {"pack": pack.id, "series": album.id, "file": file.id, "feature": feature.id}
    return {"song": song, **ids}


@pytest.fixture
def pages(new_page, olga, places, let_in):
    """`pages(FOR_OLGA, viewport=...)`: one after another, as she sees it."""

    def open_all(paths, **options):
        # Without motion, so that no colour is looked at on its way from one to another.
        page = new_page(reduced_motion="reduce", **options)
        if paths is not FOR_STRANGERS:
            let_in(page, olga)
        for path in paths:
            answer = page.goto(path.format(**places))
            assert answer.ok or path == "/nothing-here", f"{path} answers {answer.status}"
            yield page

    return open_all


@pytest.mark.parametrize("paths", [FOR_STRANGERS, FOR_OLGA[:5], FOR_OLGA[5:10], FOR_OLGA[10:]])
def test_pages_have_no_accessibility_problems(pages, axe, paths):
    for page in pages(paths):
        for width in (DESKTOP, PHONE):
            page.set_viewport_size(width)
            axe(page)
        page.emulate_media(color_scheme="dark")
        axe(page, "color-contrast")  # in the dark nothing else is different
        page.emulate_media(color_scheme="light")


@pytest.mark.parametrize(
    ("light", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark"]
)
def test_secondary_pages_have_no_accessibility_problems(pages, axe, light, size):
    for page in pages(FOR_OLGA_TOO, color_scheme=light, viewport=size):
        axe(page)


@pytest.mark.parametrize("light", ["light", "dark"])
def test_dynamic_content_has_no_accessibility_problems(new_page, olga, let_in, axe, light):
    """A rejected form, a form in place of a row, a summary and three toasts, a preview."""
    page = new_page(color_scheme=light, reduced_motion="reduce")
    page.goto("/register")
    page.get_by_label("Username").fill("x")
    page.get_by_label("Email").fill("x@example.org")
    page.get_by_label("Password").fill("x")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    axe(page)
    let_in(page, olga)
    page.goto("/songs/")
    expect(page.locator(STANDING)).to_have_attribute("data-toast", "summary")
    page.locator(".action", has_text="Edit").first.click()
    expect(page.locator(".song--editing")).to_be_visible()
    axe(page)
    olga.given("dreamer", "loyal", "history_buff")
    page.reload()
    expect(page.locator(STANDING)).to_have_count(3)
    axe(page)


@pytest.mark.parametrize("paths", [FOR_STRANGERS, FOR_OLGA, FOR_OLGA_TOO])
def test_no_page_overflows_a_narrow_screen(pages, paths):
    for page in pages(paths, viewport=NARROWEST):
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= NARROWEST["width"], f"{page.url} is {wide} px wide"


def test_swapping_a_fragment_shifts_no_layout(page, olga, let_in):
    """All shifts count here, including those after a key or a click."""
    let_in(page, olga)
    page.goto("/achievements/")
    page.evaluate(SHIFTS)
    for rarity, count in (("epic", 13), ("", 82)):
        page.get_by_label("Rarity").select_option(rarity)
        expect(page.locator("#achievement-count")).to_have_text(f"{count} achievements shown")
        page.evaluate(TWO_FRAMES)
    assert page.evaluate("window.shifted") < MOST_SHIFT

    page.goto("/songs/")
    page.evaluate(SHIFTS)
    row = page.locator("#song-rows > li").first
    for status in ("Released", "Future Plans", "WIP"):
        row.get_by_role("button", name=status).click()
        expect(row.get_by_role("button", name=status)).to_have_attribute("aria-pressed", "true")
        page.evaluate(TWO_FRAMES)
    page.locator("#tab-wip").click()
    expect(page.locator("#tab-wip")).to_have_attribute("aria-current", "page")
    page.evaluate(TWO_FRAMES)
    assert page.evaluate("window.shifted") < MOST_SHIFT


def test_loading_a_page_shifts_no_layout(page, olga, let_in):
    let_in(page, olga)
    page.add_init_script(f"({SHIFTS})()")
    for path in ("/", "/achievements/", "/songs/"):
        page.goto(path)
        page.evaluate(TWO_FRAMES)
        assert page.evaluate("window.shifted") < MOST_SHIFT, path


def test_covers_that_arrive_late_shift_nothing(page, olga, let_in):
    olga.add_many(13, status="released", artist="Late")
    let_in(page, olga)
    page.add_init_script(f"({SHIFTS})()")
    # Every cover comes after everything else has been laid out.
    held = []
    page.route("**/covers/**", lambda route: held.append(route))  # noqa: PLW0108 -- it sets attributes on it
    page.goto("/community/releases?user=olga", wait_until="commit")
    expect(page.locator("#release-grid img").first).to_be_visible()
    page.evaluate(TWO_FRAMES)
    assert held
    for route in held:
        route.continue_()
    page.wait_for_function("document.querySelector('#release-grid img').naturalWidth > 0")
    page.evaluate(TWO_FRAMES)
    assert page.evaluate("window.shifted") == 0
