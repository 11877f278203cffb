"""Achievement settings: visibility, pins, announcements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from flask import flash, render_template, request, url_for

from trackflow_web.accounts import preferences
from trackflow_web.achievements import progress
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.catalogue.entries import State
from trackflow_web.achievements.catalogue.ladders import Category
from trackflow_web.achievements.progress import listing
from trackflow_web.achievements.progress.listing import Filters, Sort
from trackflow_web.achievements.progress.tile_data import AchievementProgress
from trackflow_web.domain.people.models import Announced
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid
from trackflow_web.kernel.text import YesOrNo, count_of
from trackflow_web.pages.achievements.tiles import award_list
from trackflow_web.pages.achievements.views import options
from trackflow_web.pages.settings.views import pages
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.forms import refused, sent_fields
from trackflow_web.web.listing import requested
from trackflow_web.web.session import login_required
from trackflow_web.web.urls import safe_next_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

    from trackflow_web.achievements.awards.visibility import Choice

TOAST_LABELS = {
    Announced.ALL: "All achievements",
    Announced.RARE: "Rare and above",
    Announced.NONE: "None",
}
PREFERENCES = ("toasts", "timezone")
# The target of buttons among the pinned achievements, and of rejected pins.
PINNED = "pinned"


@dataclass(frozen=True)
class Grid:
    """The tiles of the page and how their owner shows the earned ones."""

    tiles: list[AchievementProgress]
    choices: Mapping[str, Choice]
    category: Category | None

    @property
    def pinned(self) -> list[AchievementProgress]:
        """Return the pinned tiles in order, regardless of the filter."""
        places = {code: each.pin for code, each in self.choices.items() if each.pin is not None}
        pinned = [tile for tile in self.tiles if tile.code in places]
        return sorted(pinned, key=lambda tile: places[tile.code])

    @property
    def earned(self) -> list[AchievementProgress]:
        """Return the earned tiles, newest first."""
        return self._filtered(State.EARNED, Sort.RECENT)

    @property
    def locked(self) -> list[AchievementProgress]:
        """Return the unearned tiles, closest first."""
        return [
            *self._filtered(State.PROGRESS, Sort.CLOSEST),
            *self._filtered(State.LOCKED, Sort.CLOSEST),
        ]

    def tile(self, code: str) -> AchievementProgress | None:
        """Return the tile of a code, if it passes the filter."""
        return next((tile for tile in [*self.earned, *self.locked] if tile.code == code), None)

    def _filtered(self, state: State, sort: Sort) -> list[AchievementProgress]:
        wanted = Filters(category=self.category, state=state, sort=sort)
        return [tile for group in listing.groups(self.tiles, wanted) for tile in group.tiles]


@pages.get("/achievements")
@login_required
def achievements() -> str:
    """Show all achievements, the earned ones with their switches."""
    category = requested(lambda arguments: arguments.choice("category", Category))
    context = _context(_grid(category))
    if htmx.is_htmx():
        context["is_fragment"] = True
        return htmx.block("settings/achievements.html", "results", **context)
    return render_template("settings/achievements.html", **context)


@pages.post("/achievements")
@login_required
def save_achievements() -> str | Response:
    """Save which toasts to show and the time zone; what is not sent stays."""
    try:
        preferences.change(get_current_user(), **sent_fields(PREFERENCES))
    except Invalid as refusal:
        return _refuse_preferences(refusal)
    if htmx.is_htmx():
        return _preferences_block(saved=True)
    flash("Saved.")
    return htmx.redirect_after_post(url_for("settings.achievements"))


@pages.post("/achievements/<code>/visibility")
@login_required
def set_visibility(code: str) -> str | Response:
    """Make an achievement public or private."""
    public = text.choice(request.form.get("public"), "public", YesOrNo) is YesOrNo.YES
    visibility.set_visibility(get_current_user(), code, public=public)
    return _render_award(code)


@pages.post("/achievements/<code>/pin")
@login_required
def move_pin(code: str) -> str | Response:
    """Pin or unpin an achievement, or move it among the pinned ones."""
    try:
        visibility.move_pin(get_current_user(), code, move=request.form.get("move"))
    except Invalid as refusal:
        return _refuse_pin(refusal)
    return _render_award(code)


# --- responses -----------------------------------------------------------------------------------


def _render_award(code: str) -> str | Response:
    """Return the pinned list and the tile for htmx, the swapped one first."""
    category = _category()
    if "next" in request.form:  # from another page
        return htmx.redirect_after_post(safe_next_url(request.form["next"]))
    if not htmx.is_htmx():
        return htmx.redirect_after_post(url_for("settings.achievements", category=category))
    grid = _grid(category)
    return render_template(
        "settings/_award_answer.html",
        tile=grid.tile(code),
        tile_first=htmx.target() != PINNED,
        **_context(grid),
    )


def _refuse_pin(refusal: Invalid) -> Response:
    context = _context(_grid(_category()), errors=refusal.errors)
    if not htmx.is_htmx():
        return refused(render_template("settings/achievements.html", **context), refusal)
    response = refused(htmx.block("settings/achievements.html", "pinned", **context), refusal)
    response.headers["HX-Retarget"] = f"#{PINNED}"
    return response


def _refuse_preferences(refusal: Invalid) -> Response:
    if htmx.is_htmx():
        return refused(_preferences_block(errors=refusal.errors), refusal)
    context = _context(_grid(None), errors=refusal.errors)
    return refused(render_template("settings/achievements.html", **context), refusal)


def _preferences_block(*, errors: Mapping[str, str] | None = None, saved: bool = False) -> str:
    context = _preferences(errors or {}) | {"saved": saved}
    return htmx.block("settings/achievements.html", "preferences", **context)


def _category() -> Category | None:
    """Return the filter of the page of a button: from the URL with htmx, or from a field.

    The URL in the browser changes with the filter; the forms of pinned ones stay unchanged.
    """
    typed = request.form.get("category", "")
    if htmx.is_htmx():
        query = parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query)
        typed = query.get("category", [""])[0]
    return Category(typed) if typed in set(Category) else None


def _grid(category: Category | None) -> Grid:
    user_id = get_current_user().id
    return Grid(progress.of_user(user_id).all, visibility.choices_of(user_id), category)


def _context(grid: Grid, errors: Mapping[str, str] | None = None) -> dict[str, object]:
    count = count_of(len(grid.earned) + len(grid.locked), "achievement")
    return {
        "grid": grid,
        "choices": grid.choices,
        "award_list": award_list(grid.choices),
        "most_pinned": visibility.MOST_PINNED,
        "category": grid.category or "",
        "is_fragment": False,
        "categories": options(Category, "All categories"),
        "count_text": f"{count} shown, {len(grid.earned)} earned",
        **_preferences(errors or {}),
    }


def _preferences(errors: Mapping[str, str]) -> dict[str, object]:
    return {
        "draft": {
            "toasts": get_current_user().toasts,
            **sent_fields(PREFERENCES),
        },
        "errors": errors,
        "toast_choices": [(str(value), label) for value, label in TOAST_LABELS.items()],
        "saved": False,
    }
