"""Profiles of the demo users, as fields of the profile settings."""

from __future__ import annotations

PROFILES: dict[str, dict[str, str]] = {
    "demo": {
        "display_name": "Demo",
        "bio": "Here to try things out. **Boston** first, everything else after.",
    },
    "ragnhild": {
        "display_name": "Ragnhild",
        "bio": (
            "Charting since *Rock Band 2*. Mostly metal, always with pro keys.\n\n"
            "- Requests are open\n- Co-charting: ask me first"
        ),
        "links": "https://ragnhild.example\nhttps://video.example/@ragnhild",
        "charter_names": "Ragnhild\nRagna",
    },
    "tadeo": {"bio": "Rock nacional y nada más.", "links": "https://tadeo.example"},
    "noriko": {
        "display_name": "Noriko",
        "bio": "City pop charts. I do drums, you do the rest?",
        "charter_names": "noriko88",
    },
    "lamar": {"bio": "One song a week. No more, no less."},
}
PRIVACY: dict[str, dict[str, str]] = {
    "ragnhild": {"profile": "everyone", "days": "1"},
    "tadeo": {"days": "1"},
}
