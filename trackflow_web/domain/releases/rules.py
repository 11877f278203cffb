"""Rules of releases, without a database."""

from __future__ import annotations

from trackflow_web.domain.authoring.rules import Part

# What players call a full band.
FULL_BAND = frozenset({Part.DRUMS, Part.BASS, Part.GUITAR, Part.VOCALS, Part.KEYS})
