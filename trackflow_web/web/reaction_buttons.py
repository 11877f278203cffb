"""The form of reactions: a page has fifty with five buttons, joined from prepared pieces.

Without a script each button sends the form; with one only it comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from trackflow_web.domain.reactions.rules import Kind
from trackflow_web.web.urls import path_for

if TYPE_CHECKING:
    from flask import Flask

    from trackflow_web.domain.reactions.queries import Reactions
    from trackflow_web.domain.subjects import SubjectType

ICONS = {
    Kind.LIKE: "\N{THUMBS UP SIGN}",
    Kind.BANGER: "\N{FIRE}",
    Kind.CLEAN: "\N{SPARKLES}",
    Kind.BRUTAL: "\N{SKULL}",
    Kind.THANKS: "\N{PERSON WITH FOLDED HANDS}",
}


def init_app(app: Flask) -> None:
    """Give the templates `reaction_form(type, id, reactions, who, small)` and the icons."""
    app.jinja_env.globals |= {"reaction_form": form, "reaction_icons": ICONS}


def form(
    type_: SubjectType, id_: int, reactions: Reactions, who: str | Markup = "", *,
    small: bool = False,
) -> Markup:  # fmt: skip
    """Return the form of the viewer's own reaction, with the link to `who` reacted behind it."""
    address = escape(path_for("reactions.create"))
    size = '<input type="hidden" name="small" value="1">' if small else ""
    return Markup(  # noqa: S704 -- of ids, numbers, our own words, and what is escaped
        f'<form class="reactions{" reactions--small" if small else ""}"'
        f' id="reactions-{type_}-{int(id_)}" method="post" action="{address}"'
        f' hx-post="{address}" hx-target="this" hx-swap="outerHTML" hx-sync="this:drop">'
        f'<input type="hidden" name="csrf_token" value="{escape(generate_csrf())}">'
        f'<input type="hidden" name="subject" value="{type_}">'
        f'<input type="hidden" name="id" value="{int(id_)}">{size}'
        '<div class="reactions__group" role="group" aria-label="Reactions">'
        f"{_choices(type_, id_, reactions)}</div>{escape(who)}</form>"
    )


def _choices(type_: SubjectType, id_: int, reactions: Reactions) -> str:
    """Return a button for each kind; that of the viewer's own reaction takes it back."""
    about = f"react-{type_}-{int(id_)}-"
    counts, mine = reactions.counts, reactions.mine
    html = []
    for kind, (before, after) in _PIECES.items():
        number = counts.get(kind)
        html.append(
            f'<button class="reaction{"" if number else " reaction--none"}" id="{about}{kind}"'
            f' type="submit" name="kind" value="{"" if kind == mine else kind}"'
            f' {before} aria-pressed="{"true" if kind == mine else "false"}">{after}'
        )
        if number:
            html.append(f'<b class="reaction__count">{number:,}</b>')
        html.append("</button>")
    return "".join(html)


_WORDS = '<span aria-hidden="true">{icon}</span><span class="reaction__label">{label}</span>'
_PIECES = {
    kind: (f'data-reaction="{kind}"', _WORDS.format(icon=ICONS[kind], label=kind.label))
    for kind in Kind
}
