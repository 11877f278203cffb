"""Rules of usernames, email addresses, passwords and visits."""

from __future__ import annotations

import functools
import re
import unicodedata
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib import resources

from trackflow_web.kernel import lookalikes, text
from trackflow_web.kernel.characters import without_any_invisible
from trackflow_web.kernel.errors import Invalid

USERNAME = re.compile(r"[a-z0-9_-]{3,30}", re.ASCII)
# Names that are URLs here, or that users would mistake for the site itself.
RESERVED_USERNAMES = frozenset(
    {
        "about",
        "abuse",
        "account",
        "admin",
        "administrator",
        "achievements",
        "anonymous",
        "api",
        "billing",
        "bugs",
        "contact",
        "deleted",
        "everyone",
        "features",
        "feed",
        "feedback",
        "healthz",
        "help",
        "home",
        "imports",
        "info",
        "login",
        "logout",
        "mail",
        "me",
        "metrics",
        "moderator",
        "nobody",
        "noreply",
        "null",
        "official",
        "owner",
        "packs",
        "postmaster",
        "register",
        "root",
        "security",
        "series",
        "settings",
        "signup",
        "songs",
        "staff",
        "static",
        "stats",
        "status",
        "support",
        "system",
        "trackflow",
        "undefined",
        "user",
        "users",
        "webmaster",
        "www",
    }
)
# It only looks like `home`.
_SURNAMES = frozenset({"horne"})
# Letters and digits that look alike in some typefaces, and separators.
_LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "_": None, "-": None})
# One @ with text on both sides: only a mail can show whether an address works.
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
LONGEST_EMAIL = 254
# Days. A token that never ends is found years later in some old script.
TOKEN_LIFETIMES = (30, 90, 365)
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
# A journey westwards moves the local date back, one eastwards forward: without this limit a
# change of zone alone would earn a day of the streak.
LEAST_BETWEEN_ZONES = timedelta(hours=20)
# A visit is recorded once an hour, even if it does not count as a new day.
VISITS_NOTED_EVERY = timedelta(hours=1)
# A user who is never away for more than 36 hours never loses a streak, whatever dates a journey
# shows them; up to an hour of it may be missing, because visits are not recorded more often.
LONGEST_AWAY = timedelta(hours=36) + VISITS_NOTED_EVERY


def username(value: object, *, reserved_too: bool = False) -> str:
    """Return the normalised username: NFKC, case folded, 3 to 30 of a-z, 0-9, _ and -.

    Reserved names and their lookalikes are for operators. Raises Invalid naming `username`.
    """
    typed = text.line(value, "username", longest=200)
    name = unicodedata.normalize("NFKC", typed).casefold()
    if not USERNAME.fullmatch(name) or _has_invisible(value):
        raise Invalid(username="Use 3 to 30 letters (a-z), digits, _ or -.")
    if is_reserved(name) and not reserved_too:
        raise Invalid(username="This username is reserved.")
    return name


def skeleton(name: str) -> str:
    """Return the skeleton that confusable usernames share: `olga`, `0lga`, `ol_ga`.

    Digits are their look-alike letters, separators are dropped; a name of separators alone stays.
    """
    return name.translate(_LOOK_ALIKE) or name


def is_reserved(name: str) -> bool:
    """Return whether a name could be mistaken for one of the site: `Admin`, `ADM1N`, `adrnin`."""
    return name.casefold() not in _SURNAMES and lookalikes.skeleton(name) in _reserved_skeletons()


@functools.cache
def _reserved_skeletons() -> frozenset[str]:
    return frozenset(map(lookalikes.skeleton, RESERVED_USERNAMES))


def _has_invisible(value: object) -> bool:
    return isinstance(value, str) and without_any_invisible(value) != value


def is_username(name: str) -> bool:
    """Return whether a username is in its stored spelling."""
    return USERNAME.fullmatch(name) is not None


def email(value: object) -> str:
    """Return the normalised email address: NFKC, case folded. Raises Invalid naming `email`."""
    typed = text.line(value, "email", longest=LONGEST_EMAIL)
    address = canonical_email(typed)
    # Folding may make it longer.
    if len(address) > LONGEST_EMAIL or not EMAIL.fullmatch(address):
        raise Invalid(email="This doesn't look like an email address.")
    return address


def canonical_email(address: str) -> str:
    """Return an email address in its stored spelling: NFKC, case folded."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address).casefold())


def password(value: object, *, common_too: bool = False) -> str:
    """Return the password exactly as typed. Raises Invalid naming `password`."""
    if not isinstance(value, str) or not value:
        raise Invalid(password="Enter a password.")
    if len(value) < SHORTEST_PASSWORD:
        raise Invalid(password=f"Use at least {SHORTEST_PASSWORD} characters.")
    if len(value) > LONGEST_PASSWORD:
        raise Invalid(password=f"Use at most {LONGEST_PASSWORD} characters.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid(password="This contains characters that can't be used.") from None
    if value.casefold() in common_passwords() and not common_too:
        raise Invalid(password="This password is too common.")
    return value


@functools.cache
def common_passwords() -> frozenset[str]:
    """Return the passwords that are tried first, case folded."""
    listed = resources.files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(listed.split())


def time_zone(value: object) -> str:
    """Return the name of an IANA time zone; UTC when empty. Raises Invalid naming `timezone`."""
    name = text.line(value, "timezone", longest=64, required=False)
    if not name:
        return "UTC"
    if name not in zone_names():
        raise Invalid(timezone="Choose a time zone from the list.")
    return name


@functools.cache
def zone_names() -> frozenset[str]:
    """Return the names of the time zone database for places and UTC."""
    return frozenset(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name or name in {"UTC", "GMT"}
        if not name.startswith(("posix/", "right/", "SystemV/"))
    )


def local_day(at: datetime, zone_name: str) -> date:
    """Return the calendar day of a moment in a zone."""
    return at.astimezone(zoneinfo.ZoneInfo(zone_name)).date()


def token_lifetime(value: object) -> int:
    """Return after how many days a token ends. Raises Invalid naming `days`."""
    days = text.whole_number(value, "days", least=1, most=max(TOKEN_LIFETIMES))
    if days not in TOKEN_LIFETIMES:
        raise Invalid(days=f"This must be one of: {', '.join(map(str, TOKEN_LIFETIMES))}.")
    return days


@dataclass(frozen=True)
class CountedDay:
    """The last day that counted for a streak; `run` is its number within the streak."""

    day: date
    at: datetime
    timezone: str
    run: int


def run_after(
    last: CountedDay | None, *, seen_at: datetime | None, now: datetime, zone_name: str
) -> int | None:
    """Return which day of an unbroken streak a visit is; None when it does not count as a new day.

    `seen_at` is when the user was last here, whether that counted or not. Calendar days count: one
    may have 23 or 25 hours, and on a journey a date comes twice or not at all. A streak therefore
    ends only when a whole day passed without a visit and the user was away for long.
    """
    if last is None:
        return 1
    today = local_day(now, zone_name)
    if today <= last.day:
        return None
    if zone_name != last.timezone and now - last.at < LEAST_BETWEEN_ZONES:
        return None
    seen = max(seen_at or last.at, last.at)
    latest_day = max(last.day, local_day(seen, zone_name))
    goes_on = latest_day >= today or _nothing_between(latest_day, today, zone_name)
    return last.run + 1 if goes_on or now - seen <= LONGEST_AWAY else 1


def is_new_since(seen_at: datetime | None, *, now: datetime) -> bool:
    """Return whether a visit is long enough after the last recorded one to be recorded."""
    return seen_at is None or now - seen_at >= VISITS_NOTED_EVERY


def _nothing_between(earlier: date, later: date, zone_name: str) -> bool:
    """Return whether no day that the zone had lies between two days."""
    if later - earlier == timedelta(days=1):
        return True
    if later - earlier > timedelta(days=2):  # no zone has ever skipped more than one day
        return False
    between = earlier + timedelta(days=1)
    zone = zoneinfo.ZoneInfo(zone_name)
    noon = datetime(between.year, between.month, between.day, 12, tzinfo=zone)
    # A time that a zone skipped comes back from UTC as another one.
    return local_day(noon.astimezone(zoneinfo.ZoneInfo("UTC")), zone_name) != between
