"""Drawing the images of public pages as SVG, and their addresses.

The look is that of the site at night. All text is measured before it is placed.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import current_app, url_for
from markupsafe import Markup

from trackflow_web.adapters import images, lettering
from trackflow_web.domain.share_images import queries
from trackflow_web.kernel import clock
from trackflow_web.kernel.errors import TooMany
from trackflow_web.web import avatars, covers
from trackflow_web.web.extensions import images_started, jobs
from trackflow_web.web.urls import site_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from trackflow_web.adapters.lettering import Fitted
    from trackflow_web.domain.share_images.models import Kind
    from trackflow_web.integrations.share_images.cards import Art, Card, Charter

# An image that was compared with its page so long ago is compared when the page is viewed.
FRESH = timedelta(hours=1)
# Ids of gradients, which would mean those of the first cover in all of them.
IDS = re.compile(r'(id="|url\(#)([a-z])(?=["\)])')
OPENING = re.compile(r"<svg [^>]*>")
# A circle of a generated cover, which may reach out of its square.
CIRCLE = re.compile(r'<circle cx="(\d+)" cy="(\d+)" r="(\d+)"([^>]*)/>')
SQUARE = 300
CORNERS = 72
NAME = re.compile(r"([0-9a-f]{16})-([0-9a-f]{12})", re.ASCII)
# The shapes of medallions as on the site, in percent.
DIAMOND = (
    "38.7,11.3 44.3,7.1 50,5.7 55.7,7.1 61.3,11.3 88.7,38.7 92.9,44.3 94.3,50 92.9,55.7 88.7,61.3"
    " 61.3,88.7 55.7,92.9 50,94.3 44.3,92.9 38.7,88.7 11.3,61.3 7.1,55.7 5.7,50 7.1,44.3 11.3,38.7"
)
STAR = (
    "43.3,9.2 47.8,5.3 52.2,5.3 56.7,9.2 62.7,17.1 67.6,22.3 73.3,26.5 79.8,29.5 89.1,32.8"
    " 94.2,35.8 95.5,40.1 93.2,45.5 87.6,53.6 84.1,59.9 82,66.6 81.1,73.7 80.8,83.6 79.5,89.3"
    " 75.9,92 70,91.4 60.5,88.6 53.5,87.2 46.5,87.2 39.5,88.6 30,91.4 24.1,92 20.5,89.3 19.2,83.6"
    " 18.9,73.7 18,66.6 15.9,59.9 12.4,53.6 6.8,45.5 4.5,40.1 5.8,35.8 10.9,32.8 20.2,29.5"
    " 26.7,26.5 32.4,22.3 37.3,17.1"
)
ROSETTE = (
    "44.5,3.9 50,1.9 55.5,3.9 61.6,6.9 68.3,7.3 74,8.4 77.9,13.1 81.6,18.4 87.2,22.2 91.6,26"
    " 92.7,31.7 93.1,38.4 96.1,44.5 98.1,50 96.1,55.5 93.1,61.6 92.7,68.3 91.6,74 87.2,77.8"
    " 81.6,81.6 77.9,86.9 74,91.6 68.3,92.7 61.6,93.1 55.5,96.1 50,98.1 44.5,96.1 38.4,93.1"
    " 31.7,92.7 26,91.6 22.1,86.9 18.4,81.6 12.8,77.8 8.4,74 7.3,68.3 6.9,61.6 3.9,55.5 1.9,50"
    " 3.9,44.5 6.9,38.4 7.3,31.7 8.4,26 12.8,22.2 18.4,18.4 22.1,13.1 26,8.4 31.7,7.3 38.4,6.9"
)


@dataclass(frozen=True)
class Metal:
    """What the medallion of a rarity is made of, and the colour of its word."""

    shape: str
    glint: str
    metal: str
    deep: str
    tone: str


METALS = {
    "common": Metal("", "#f8fafc", "#a3adba", "#5b6675", "#cbd5e1"),
    "uncommon": Metal(DIAMOND, "#d3fbe0", "#2fb463", "#146c3a", "#86efac"),
    "rare": Metal(DIAMOND, "#dbeafe", "#4b8df8", "#1d46b8", "#93c5fd"),
    "epic": Metal(STAR, "#f3e2ff", "#a855f7", "#5b21b6", "#d8b4fe"),
    "legendary": Metal(ROSETTE, "#fff6d6", "#f5b324", "#a8590a", "#fcd34d"),
}


def drawn(card: Card, pictures: Mapping[str, bytes]) -> str:
    """Return the SVG of an image; `pictures` are uploads by their digests."""
    template = current_app.jinja_env.get_template(f"share_images/{card.kind}.svg")
    return template.render(
        card=card,
        artwork=[_artwork(i, art, pictures) for i, art in enumerate(card.covers)],
        portrait=_portrait(card.by, pictures),
        fit=_fit,
        cleaned=lettering.cleaned,
        width_of=lettering.width_of,
        runs=_runs,
        frets=covers.FRETS,
        metals=METALS,
    )


def address_of(kind: Kind, subject_id: int) -> str:
    """Return the address of the image of a public page, empty while it has none.

    If it has none or may show what has changed, its job starts; the page does not wait for it.
    """
    found = queries.find_name(kind, subject_id)
    if found is None or found[1] < clock.now() - FRESH:
        _start(kind, subject_id)
    if found is None or not found[0]:
        return ""
    return site_url() + url_for("share_images.show", kind=str(kind), name=found[0])


def _start(kind: Kind, subject_id: int) -> None:
    """Start the job, if this process has not done that within the last minute."""
    try:
        images_started().enforce(f"{kind} {subject_id}", "")
    except TooMany:
        return
    jobs().start_share_image(kind, subject_id)


def _fit(text: str, width: float, sizes: Sequence[int], most_lines: int = 1) -> Fitted:
    return lettering.fitted(text, width=width, sizes=sizes, most_lines=most_lines)


def _runs(line: str) -> Iterator[tuple[str, str]]:
    return lettering.runs(line)


def _artwork(place: int, art: Art, pictures: Mapping[str, bytes]) -> str:
    """Return a cover as an SVG element without a place, or the address of an upload."""
    content = pictures.get(art.digest or "")
    if content:
        return _embedded(content)
    return _inlined(_cut(covers.drawn_for(art.artist, art.name)), f"c{place}")


def _cut(cover: str) -> str:
    """Return a generated cover with nothing outside its square.

    Clipping it would take a fifth of the time of rendering an image.
    """
    return CIRCLE.sub(_within, cover)


def _within(circle: re.Match[str]) -> str:
    x, y, radius = (int(number) for number in circle.groups()[:3])
    is_line = 'fill="none"' in circle[4]
    if not is_line and min(x, y) >= radius and max(x, y) + radius <= SQUARE:
        return circle[0]
    around = [
        (x + radius * math.cos(turn), y + radius * math.sin(turn))
        for turn in (math.tau * i / CORNERS for i in range(CORNERS + 1))
    ]
    if is_line:
        return f'<path d="{_line(around)}"{circle[4]} shape-rendering="crispEdges"/>'
    points = " ".join(f"{_held(left):.1f},{_held(top):.1f}" for left, top in around)
    return f'<polygon points="{points}"{circle[4]}/>'


def _line(points: Sequence[tuple[float, float]]) -> str:
    """Return a path through those of the points that are in the square."""
    path, command = "", "M"
    for left, top in points:
        if (_held(left), _held(top)) == (left, top):
            path += f"{command}{left:.1f} {top:.1f}"
            command = "L"
        else:
            command = "M"
    return path


def _held(place: float) -> float:
    return min(max(place, 0.0), float(SQUARE))


def _portrait(face: Charter, pictures: Mapping[str, bytes]) -> str:
    content = pictures.get(face.digest or "")
    if content:
        return _embedded(content)
    return _inlined(avatars.drawn_for(face.user_id, face.username), "p")


def _embedded(content: bytes) -> str:
    return f"data:image/jpeg;base64,{b64encode(images.jpeg_of(content)).decode()}"


def _inlined(svg: str, prefix: str) -> str:
    """Return what is in an SVG document, with ids of its own; made by us, so it is safe."""
    inner = OPENING.sub("", svg, count=1).removesuffix("</svg>")
    return Markup(IDS.sub(rf"\g<1>{prefix}\g<2>", inner))  # noqa: S704 -- drawn by us
