"""What other sites embed: oEmbed, badges, numbers for shields. Always as a visitor sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.embeds import badges, oembed

if TYPE_CHECKING:
    from flask import Flask

BLUEPRINTS = (badges.embeds, oembed.embeds)


def init_app(app: Flask) -> None:
    """Register the embeds with an application."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
