"""Covers of some demo releases and packs: drawn here, then uploaded and encoded like any other."""

from __future__ import annotations

import math
import random
from io import BytesIO
from typing import TYPE_CHECKING

import sqlalchemy as sa
from PIL import Image, ImageDraw, ImageOps

from trackflow_web.adapters import images
from trackflow_web.domain.covers import actions
from trackflow_web.domain.packs.models import Pack
from trackflow_web.domain.people import queries
from trackflow_web.domain.releases.queries import latest_of
from trackflow_web.jobs import covers as job
from trackflow_web.kernel.database import db
from trackflow_web.kernel.transactions import unit_of_work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackflow_web.domain.people.models import User
    from trackflow_web.domain.songs.models import Song
    from trackflow_web.kernel.events import Handler

# How many of their latest releases have a cover.
RELEASES = {"demo": 2, "ragnhild": 2, "noriko": 1, "tadeo": 1}
PACKS = {"demo": "Stadium Night", "noriko": "Neon Decade"}
# Pixels; larger than what is shown, so that edges become smooth.
SIDE = 800
HORIZON = 500
# The night above and below the horizon.
SKIES = (
    ("#1b1426", "#7c2d5b", "#0d0915"),
    ("#0b1a46", "#6d28d9", "#0b0714"),
    ("#04211f", "#0f766e", "#03110f"),
    ("#2b1a05", "#c2410c", "#120a02"),
)
FRETS = ("#37c566", "#f2545b", "#ffd23f", "#5b9bff", "#ff9440")


def add(handlers: Sequence[Handler]) -> None:
    """Upload the covers of all demo users that exist, and encode them at once."""
    for place, (user, subject) in enumerate(list(_chosen())):
        content = drawn(place)
        images.check(content, "cover", most_bytes=actions.MOST_BYTES)
        with unit_of_work(handlers):
            cover_id = actions.upload(user, subject, content).id
        job.run(cover_id, handlers)


def _chosen() -> Iterator[tuple[User, Song | Pack]]:
    for username, count in RELEASES.items():
        user = queries.find_by_username(username)
        if user is None:
            continue
        for song in latest_of(user.id, user.id, limit=count):
            yield user, song
        name = PACKS.get(username)
        pack = db.session.scalar(sa.select(Pack).where(Pack.user_id == user.id, Pack.name == name))
        if pack is not None:
            yield user, pack


def drawn(place: int) -> bytes:
    """Return a picture, always the same for a place: a motif over a stage at night."""
    dice = random.Random(place)  # noqa: S311 -- guards no secret
    motif = MOTIFS[place % len(MOTIFS)]
    high, glow, low = SKIES[(place + place // len(MOTIFS)) % len(SKIES)]
    picture = Image.new("RGB", (SIDE, SIDE), low)
    slope = Image.linear_gradient("L").resize((SIDE, HORIZON))
    picture.paste(ImageOps.colorize(slope, high, glow), (0, 0))
    motif(ImageDraw.Draw(picture, "RGBA"), dice)
    target = BytesIO()
    picture.save(target, "PNG", compress_level=1)
    return target.getvalue()


def _sunset(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    """Draw a sun behind blinds, over five lanes."""
    x, radius = dice.randint(300, 500), dice.randint(190, 230)
    for i in range(radius * 2):
        y = HORIZON - radius * 2 + 60 + i
        half = math.sqrt(max(radius**2 - (i - radius) ** 2, 0))
        is_blind = i > radius and (i - radius) % 34 < (i - radius) // 14
        if not is_blind and y < HORIZON:
            green = 210 - 150 * i // (radius * 2)
            draw.line((x - half, y, x + half, y), fill=(255, green, 80))
    for i, colour in enumerate(FRETS):
        left, right = SIDE * i // 5, SIDE * (i + 1) // 5
        near = (left * 3 - SIDE, right * 3 - SIDE)
        draw.polygon(
            ((left, HORIZON), (right, HORIZON), (near[1], SIDE), (near[0], SIDE)),
            fill=f"{colour}b0" if i % 2 else f"{colour}70",
        )


def _spotlights(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    """Draw beams from above, and a crowd in front of them."""
    for i, colour in enumerate(FRETS):
        top, foot = 80 + 160 * i, dice.randint(60, SIDE - 60)
        draw.polygon(
            ((top - 8, 0), (top + 8, 0), (foot + 120, SIDE), (foot - 120, SIDE)), fill=f"{colour}58"
        )
    for row in range(3):
        for x in range(-20, SIDE + 40, 58):
            y, size = 640 + 50 * row + dice.randint(-26, 10), 24 + 5 * row
            at = x + dice.randint(-9, 9)
            draw.ellipse((at - size, y - size, at + size, y + size), fill="#0d0915")
            draw.rounded_rectangle((at - 44, y + size, at + 44, SIDE + 50), 40, fill="#0d0915")


def _waves(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    """Draw five waves, one in front of the other, under a moon."""
    x, y = dice.randint(160, 640), dice.randint(110, 190)
    draw.ellipse((x - 74, y - 74, x + 74, y + 74), fill="#f5eee2")
    for i, colour in enumerate(FRETS):
        turn, length, height = dice.uniform(0, 6), dice.uniform(90, 170), dice.randint(22, 52)
        base = 300 + 100 * i
        crest = [
            (at, base + height * math.sin(at / length + turn)) for at in range(0, SIDE + 10, 10)
        ]
        draw.polygon((*crest, (SIDE, SIDE), (0, SIDE)), fill=colour)
        draw.line(crest, fill="#ffffff90", width=5)


def _gems(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    """Draw gems of many sizes, like notes that fall down."""
    for i in range(46):
        size = 14 + i
        x, y = dice.randint(0, SIDE), dice.randint(0, SIDE)
        colour = FRETS[dice.randrange(len(FRETS))]
        draw.ellipse((x - size, y - size * 0.55, x + size, y + size * 0.75), fill="#00000070")
        draw.ellipse((x - size, y - size * 0.6, x + size, y + size * 0.6), fill=colour)
        draw.ellipse((x - size * 0.6, y - size * 0.4, x + size * 0.6, y + size * 0.25), fill="#fff")


MOTIFS = (_sunset, _spotlights, _waves, _gems)
