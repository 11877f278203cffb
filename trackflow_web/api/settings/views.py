"""Settings: achievements and their visibility, privacy, data export, deletion of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import session

from trackflow_web.accounts import deletion, preferences
from trackflow_web.accounts.export import export_within
from trackflow_web.achievements import catalogue
from trackflow_web.achievements.awards import visibility
from trackflow_web.achievements.progress import queries
from trackflow_web.api.core import bodies, pagination
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.openapi import described
from trackflow_web.api.core.schemas import Paging
from trackflow_web.api.settings import schemas
from trackflow_web.domain.people import avatars as pictures
from trackflow_web.domain.people import profile
from trackflow_web.domain.people.models import Announced, Audience, Shown, Theme
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import avatars, streaming
from trackflow_web.web.caller import get_current_user
from trackflow_web.web.extensions import jobs, settings
from trackflow_web.web.passwords import check_own_password
from trackflow_web.web.uploads import sent_picture

if TYPE_CHECKING:
    from flask import Response

    from trackflow_web.domain.people.models import User


NO_PICTURE = "Choose a PNG, JPEG, WebP or GIF image."

# --- achievements --------------------------------------------------------------------------------


@api.get("/settings/achievements")
@described(schemas.ShownAchievements, query=Paging)
def list_shown_achievements() -> schemas.ShownAchievements:
    """List your earned achievements, newest first, with visibility and pins."""
    newest, following = pagination.piece(_shown_achievements(), lambda item: item.code)
    chosen = _preferences()
    return schemas.ShownAchievements(
        toasts=chosen.toasts, timezone=chosen.timezone, items=list(newest), next=following
    )


@api.post("/settings/achievements")
@described(schemas.AchievementPreferences, body=schemas.PreferenceChanges)
def change_preferences() -> schemas.AchievementPreferences:
    """Change which achievements are announced and your time zone; what is not sent stays."""
    changes = bodies.sent(bodies.parse_body(schemas.PreferenceChanges))
    preferences.change(get_current_user(), **changes)
    return _preferences()


@api.post("/settings/achievements/<code>/visibility")
@described(schemas.ShownAchievement, body=schemas.Visibility)
def set_achievement_visibility(code: str) -> schemas.ShownAchievement:
    """Make an achievement public or private."""
    visibility.set_visibility(
        get_current_user(), code, public=bodies.parse_body(schemas.Visibility).public
    )
    return _shown_achievement(code)


@api.post("/settings/achievements/<code>/pin")
@described(schemas.ShownAchievement, body=schemas.PinMove)
def move_achievement_pin(code: str) -> schemas.ShownAchievement:
    """Pin or unpin an achievement, or move it among the pinned ones."""
    visibility.move_pin(get_current_user(), code, move=bodies.parse_body(schemas.PinMove).move)
    return _shown_achievement(code)


def _shown_achievements() -> list[schemas.ShownAchievement]:
    earned, choices = (
        queries.earned_by(get_current_user().id),
        visibility.choices_of(get_current_user().id),
    )
    return [
        schemas.ShownAchievement(
            id=catalogue.id_of(code),
            code=code,
            earned_at=earned[code],
            public=choices[code].is_public,
            pin=choices[code].pin,
        )
        for code in sorted(earned, key=lambda code: (earned[code], code), reverse=True)
    ]


def _shown_achievement(code: str) -> schemas.ShownAchievement:
    return next(item for item in _shown_achievements() if item.code == code)


def _preferences() -> schemas.AchievementPreferences:
    return schemas.AchievementPreferences(
        toasts=Announced(get_current_user().toasts), timezone=get_current_user().timezone
    )


# --- profile -------------------------------------------------------------------------------------


@api.get("/settings/profile")
@described(schemas.Profile)
def show_own_profile() -> schemas.Profile:
    """Show what you say about yourself, and your theme."""
    return _profile(get_current_user())


@api.post("/settings/profile")
@described(schemas.Profile, body=schemas.ProfileChanges)
def change_own_profile() -> schemas.Profile:
    """Change your profile or theme; what is not sent stays."""
    changes = bodies.sent(bodies.parse_body(schemas.ProfileChanges))
    profile.change_profile(get_current_user(), **changes)
    return _profile(get_current_user())


@api.put("/settings/profile/avatar")
@described(schemas.Profile, file="avatar")
def set_own_picture() -> schemas.Profile:
    """Upload your picture: PNG, JPEG, WebP or GIF, up to 2 MB. It's shown once it's processed."""
    user = get_current_user()
    content = sent_picture("avatar", most_bytes=pictures.MOST_BYTES)
    if content is None:
        raise Invalid(avatar=NO_PICTURE)
    pictures.upload(user, content)
    jobs().start_avatar(user.id)
    return _profile(user)


@api.delete("/settings/profile/avatar")
@described(schemas.Profile)
def remove_own_picture() -> schemas.Profile:
    """Remove your picture; a generated one is shown again."""
    user = get_current_user()
    pictures.remove(user)
    return _profile(user)


def _profile(user: User) -> schemas.Profile:
    return schemas.Profile(
        username=user.username,
        display_name=user.display_name,
        bio=user.bio,
        links=profile.lines_of(user.links),
        charter_names=profile.lines_of(user.charter_names),
        avatar=avatars.address_of(user, large=True),
        avatar_upload=pictures.upload_state(user.id),
        theme=Theme(user.theme),
        shortcuts=user.uses_shortcuts,
    )


# --- privacy -------------------------------------------------------------------------------------


@api.get("/settings/privacy")
@described(schemas.Privacy)
def show_privacy() -> schemas.Privacy:
    """Show who sees your profile and future achievements."""
    return _privacy(get_current_user())


@api.post("/settings/privacy")
@described(schemas.Privacy, body=schemas.PrivacyChanges)
def change_privacy() -> schemas.Privacy:
    """Change who sees what; what is not sent stays."""
    changes = bodies.sent(bodies.parse_body(schemas.PrivacyChanges))
    profile.change_privacy(get_current_user(), **changes)
    return _privacy(get_current_user())


@api.post("/settings/privacy/achievements")
@described(schemas.VisibilityChanged, body=schemas.Visibility)
def set_all_achievements_visibility() -> schemas.VisibilityChanged:
    """Make all your achievements public or private."""
    public = bodies.parse_body(schemas.Visibility).public
    return schemas.VisibilityChanged(
        changed=visibility.set_all_visibility(get_current_user(), public=public)
    )


@api.get("/settings/privacy/export")
@described(schemas.Export)
def export_account() -> Response:
    """Export everything that is stored about you."""
    document = export_within(get_current_user(), settings().limit_export)
    return streaming.respond(document, mimetype="application/json")


@api.post("/settings/privacy/delete")
@described(schemas.AccountDeleted, body=schemas.AccountEnd)
def delete_account() -> schemas.AccountDeleted:
    """Delete your account, confirmed by your username and password."""
    proof = bodies.parse_body(schemas.AccountEnd)
    username = get_current_user().username
    deletion.check_name(get_current_user(), proof.username)
    deletion.delete_account(check_own_password(proof.password))
    session.clear()
    return schemas.AccountDeleted(deleted=username)


def _privacy(user: User) -> schemas.Privacy:
    return schemas.Privacy(
        profile=Audience(user.audience),
        new_achievements=Shown.of(public=user.shows_new_achievements),
        days=user.shows_days,
        boards=user.on_boards,
        feed=user.in_feed,
    )
