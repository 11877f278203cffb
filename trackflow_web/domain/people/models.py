"""Users, their visits and their access tokens."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trackflow_web.domain.people.rules import skeleton
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import Base, BigId

if TYPE_CHECKING:
    from sqlalchemy.engine.default import DefaultExecutionContext


class Announced(StrEnum):
    """The achievements that get a toast: `rare` means rare and up."""

    ALL = "all"
    RARE = "rare"
    NONE = "none"


class Audience(StrEnum):
    """Who sees a profile and what it shows."""

    EVERYONE = "everyone"
    MEMBERS = "members"
    ME = "me"


class Shown(StrEnum):
    """Whether others see an achievement."""

    PUBLIC = "public"
    PRIVATE = "private"

    @classmethod
    def of(cls, *, public: bool) -> Shown:
        """Return what is public or not."""
        return cls.PUBLIC if public else cls.PRIVATE


class Theme(StrEnum):
    """The colours that a user wants; `auto` follows the device."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def _skeleton_of_new(context: DefaultExecutionContext) -> str:
    parameters: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return skeleton(parameters["username"])


class User(Base):
    """An account. `session_stamp` is in every cookie; a new one invalidates all of them.

    `toasts` is the preference for toasts, `audience` the visibility of the profile, and
    `shows_new_achievements` whether future achievements are visible. `avatar` is the digest of the
    uploaded picture; without one a picture is generated.
    """

    __tablename__ = "users"
    __table_args__ = (
        sa.CheckConstraint("toasts IN ('all', 'rare', 'none')", name="toasts"),
        sa.CheckConstraint("audience IN ('everyone', 'members', 'me')", name="audience"),
        sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name="theme"),
        # SQLite would give the id of a deleted account to the next one, and with it everything that
        # still refers to that id: a line in another user's history, a cookie.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(30), unique=True)
    # The skeleton that look-alike names share. Of older duplicates, those after the first have
    # `#` and their id appended. It must change with the username.
    username_key: Mapped[str] = mapped_column(sa.String(60), unique=True, default=_skeleton_of_new)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    session_stamp: Mapped[str] = mapped_column(sa.String(32))
    is_admin: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(sa.String(64))
    # The user's local day of the last visit: read on every request, so that only the first one of
    # a day writes.
    last_visit_day: Mapped[date | None]
    # When the user was last here, to the hour: what keeps a streak alive need not count as a day.
    last_seen_at: Mapped[datetime | None]
    # The Monday of the latest week that counts for the weekly streak: known wherever the user is
    # loaded, so that only the first work of a week writes.
    charted_week: Mapped[date | None]
    toasts: Mapped[Announced] = mapped_column(
        sa.String(4), default=Announced.ALL, server_default="all"
    )
    audience: Mapped[Audience] = mapped_column(
        sa.String(10), default=Audience.MEMBERS, server_default="members"
    )
    shows_new_achievements: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    # Whether the profile has a calendar of the days on which the user was here.
    shows_days: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # Whether leaderboards and the feed show the user.
    on_boards: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    in_feed: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    display_name: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    bio: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    # One address or name a line, so that both databases store the same.
    links: Mapped[str] = mapped_column(sa.Text(), default="", server_default="")
    charter_names: Mapped[str] = mapped_column(sa.Text(), default="", server_default="")
    avatar: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    # Part of the address of the private feed; a higher one replaces the address.
    feed_version: Mapped[int] = mapped_column(default=0, server_default="0")
    theme: Mapped[Theme] = mapped_column(sa.String(5), default=Theme.AUTO, server_default="auto")
    uses_shortcuts: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    hides_checklist: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
    banned_at: Mapped[datetime | None]
    # Until then a moderator keeps the account from signing in, and its profile is hidden.
    suspended_until: Mapped[datetime | None]
    # What the moderator told them; shown when they sign in.
    suspended_for: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    # An unconfirmed email address restricts only digests.
    email_confirmed_at: Mapped[datetime | None]
    # The new email address, until it is confirmed by mail.
    new_email: Mapped[str | None] = mapped_column(sa.String(254))

    @property
    def is_suspended(self) -> bool:
        """Whether a moderator keeps the user from signing in for now."""
        return self.suspended_until is not None and self.suspended_until > clock.now()

    @property
    def is_profile_public(self) -> bool:
        """Whether other members see the profile."""
        return self.audience != Audience.ME

    @property
    def shown_name(self) -> str:
        """The name that the user chose to be shown, else the user name."""
        return self.display_name or self.username


class Avatar(Base):
    """An uploaded picture: `original` waits to be re-encoded, `large` and `small` are shown.

    An earlier picture stays until the next one is ready.
    """

    __tablename__ = "avatars"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    original: Mapped[bytes | None] = mapped_column(sa.LargeBinary())
    uploaded_at: Mapped[datetime] = mapped_column(index=True)
    # A picture that kills workers is not retried indefinitely.
    attempts: Mapped[int]
    # The last upload could not be read; the settings show a message.
    failed: Mapped[bool]
    large: Mapped[bytes | None] = mapped_column(sa.LargeBinary())
    small: Mapped[bytes | None] = mapped_column(sa.LargeBinary())


class Visit(Base):
    """A local day with a visit of a user; `run` is its number within the streak.

    The run is stored and not computed, because consecutive days depend on the zone: Samoa had no
    30 December 2011.
    """

    __tablename__ = "visits"

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    timezone: Mapped[str] = mapped_column(sa.String(64))
    run: Mapped[int]


class Decision(Base):
    """An action of an administrator or the command line (no `admin_id`) on an account."""

    __tablename__ = "account_decisions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    admin_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    action: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(300))
    created_at: Mapped[datetime]


class Reservation(Base):
    """A reserved username or email address: the digest of a deleted or banned one.

    Only the digest is stored, so that nothing of a deleted account remains. `ends_at` is empty for
    the address of a banned account, until the ban is lifted.
    """

    __tablename__ = "account_reservations"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    ends_at: Mapped[datetime | None] = mapped_column(index=True)


class Scope(StrEnum):
    """The scope of a token, in ascending order.

    ADMIN allows administration while its owner is an administrator.
    """

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class AccessToken(Base):
    """An access token of a user; only its SHA-256 is stored."""

    __tablename__ = "access_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scope: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
