"""What other sites embed and read: oEmbed, badges, images, numbers for shields, Atom feeds.

Always as a visitor sees it, but for the private feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.embeds import badges, feeds, oembed, share_images

if TYPE_CHECKING:
    from flask import Flask

BLUEPRINTS = (badges.embeds, feeds.embeds, oembed.embeds, share_images.embeds)


def init_app(app: Flask) -> None:
    """Register the embeds with an application."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
