"""Events of users."""

from __future__ import annotations

from datetime import date

from trackflow_web.kernel.event_types import Payload, event_type


@event_type("person_registered", "user")
class PersonRegistered(Payload):
    """A user registered."""

    username: str


@event_type("person_listed", "user")
class PersonListed(Payload):
    """Who sees a user, or their place on leaderboards, may have changed: by choice, or by a ban."""


@event_type("person_promoted", "user")
class PersonPromoted(Payload):
    """A user became an administrator."""


@event_type("visited", "user")
class Visited(Payload):
    """A user's first visit of a local day.

    `run` is the number of consecutive days up to this one, `longest` whether it is the longest yet.
    """

    day: date
    run: int
    longest: bool
