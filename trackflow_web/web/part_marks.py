"""The 15 parts of a song as small marks in a row of a list.

A page has 750 of them, and many songs have the same: each combination is rendered once. Attributes
without quotes are shorter; the values are names of our own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from trackflow_web.domain.authoring.rules import Part, State

if TYPE_CHECKING:
    from flask import Flask

    from trackflow_web.domain.authoring.queries import Chart

# Read out after the name of a part; the shape says it to the eye (songs-row.css).
WORDS = {State.TODO: "", State.DONE: " done", State.SKIP: " not needed"}
# Some megabytes at the most.
MOST_KEPT = 2000
MARK = Markup("<i data-part={part} data-state={state}>{label}{word}</i>")


def init_app(app: Flask) -> None:
    """Give the templates the filter `marks`."""
    app.jinja_env.filters["marks"] = marks


def marks(chart: Chart) -> Markup:
    """Return the marks of a song's parts, in the order of the work."""
    return _render(chart.states)


@lru_cache(MOST_KEPT)
def _render(states: tuple[State, ...]) -> Markup:
    return Markup("").join(
        MARK.format(part=part, state=state, label=part.label, word=WORDS[state])
        for part, state in zip(Part, states, strict=True)
    )
