"""The buttons of reactions: a page has hundreds, so that they are joined from prepared pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from trackflow_web.domain.reactions.rules import Kind

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
    """Give the templates `reaction_choices(type, id, reactions)` and the icons."""
    app.jinja_env.globals |= {"reaction_choices": choices, "reaction_icons": ICONS}


def choices(type_: SubjectType, id_: int, reactions: Reactions) -> Markup:
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
    return Markup("".join(html))  # noqa: S704 -- of ids, numbers and our own words


_WORDS = '<span aria-hidden="true">{icon}</span><span class="reaction__label">{label}</span>'
_PIECES = {
    kind: (f'data-reaction="{kind}"', _WORDS.format(icon=ICONS[kind], label=kind.label))
    for kind in Kind
}
