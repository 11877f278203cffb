"""One of each object that belongs to a user, for tests of every URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from tests.support.people import working
from tests.support.songs import add_song
from trackflow_web.achievements.recheck import runs
from trackflow_web.achievements.standings import season_editing
from trackflow_web.community import projection
from trackflow_web.community.grouping import pack_key
from trackflow_web.community.models import FeedEntry
from trackflow_web.domain import subjects
from trackflow_web.domain.authoring import templates
from trackflow_web.domain.authoring.rules import Part
from trackflow_web.domain.chart_scans import actions as chart_scans
from trackflow_web.domain.chart_scans.actions import Kept
from trackflow_web.domain.collaborations import invitations
from trackflow_web.domain.collaborations.queries import find_invitation
from trackflow_web.domain.collaborations.rules import Subject
from trackflow_web.domain.comments import actions as comments
from trackflow_web.domain.feedback import actions as feedback
from trackflow_web.domain.feedback.rules import Kind
from trackflow_web.domain.imports import actions as imports
from trackflow_web.domain.imports import files
from trackflow_web.domain.moderation.models import ModerationAction, Report
from trackflow_web.domain.packs import actions as packs
from trackflow_web.domain.people import actions as people
from trackflow_web.domain.people import queries
from trackflow_web.domain.series import actions as series
from trackflow_web.domain.songs import actions as songs
from trackflow_web.domain.songs import collaborators
from trackflow_web.domain.songs.queries import find_song
from trackflow_web.domain.webhooks import outbox, queueing
from trackflow_web.domain.webhooks import queries as queries_of_webhooks
from trackflow_web.domain.webhooks.models import Webhook
from trackflow_web.kernel import clock
from trackflow_web.kernel.database import db
from trackflow_web.notifications.models import Notification
from trackflow_web.web.extensions import settings

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.people import Person
    from trackflow_web.achievements.models import Season
    from trackflow_web.domain.packs.models import Pack
    from trackflow_web.domain.people.models import User


def belongings_of(app: Flask, owner: Person, helper: Person | None = None) -> dict[str, object]:
    """Give the owner one of each object, all called secret; return the ids for URLs.

    `helper` collaborates on the song and is invited to the pack. Requests and reports, which are
    public, are not secret.
    """
    song_id = add_song(app, owner, "A secret song", album="A secret album")
    invitation_id = _invited(app, owner)
    with working(app):
        user = owner.user
        song = find_song(song_id, for_update=True)
        pack = packs.create_pack(user, name="A secret pack")
        packs.put_song(pack, song_id=song_id, optional=False)
        if helper:
            packs.add_collaborator(pack, username=helper.username, limits=())
            invitations.remember_work(owner.id, helper.id)
            collaborators.add_collaborator(song, username=helper.username, limits=())
        album = series.create_series(
            user, artist="Metallica", album="A secret album", year="", tracks="A secret track"
        )
        template = templates.save_template(user, name="A secret set", not_needed={Part.KEYS})
        content = files.read(b"title,artist,Track URI\nA secret row,Metallica,spotify:track:1\n")
        item = imports.begin_file(user, content, name="A secret playlist")
        request, report = (
            feedback.submit(
                user,
                kind,
                title="For all to see",
                description="This.",
                limit=settings().limit_feedback,
            )
            for kind in (Kind.FEATURE, Kind.BUG)
        )
        people.create_token(user, name="A secret script", scope="read", days="30")
        return {
            "song_id": song_id,
            "part": "drums",
            "user_id": (helper or owner).id,
            "pack_id": pack.id,
            "series_id": album.id,
            "template_id": template.id,
            "position": 1,
            "import_id": item.id,
            "scan_id": _scan_of(user),
            "invitation_id": invitation_id,
            "feature_id": request.id,
            "subject": "pack",
            "subject_id": pack.id,
            "comment_id": _comment_on(pack, user),
            "bug_id": report.id,
            "notification_id": _notification_of(owner),
            "slug": _season().slug,
            "token": "forged",
            "feed_id": _feed_entry_of(owner, pack.id),
            "action": "ban",
            "token_id": queries.tokens_of(owner.id)[0].id,
            "code": "dreamer",
            "run_id": runs.begin(),
            "username": owner.username,
            "filename": "css/base.css",
            "digest": "0" * 64,
            "public_id": "0" * 32,
            "size": "64",
            "side": "250",
            "seed": "00ff",
            "initials": "al",
            "kind": "artist",
            "name": "no-image",
            **_moderated(user),
            "target": "Metallica",
            "letters": "AL",
            "key": "00ff00ff",
            "number": 0,
            "form": "svg",
            **_webhook_of(user),
            "section": "profiles",
        }


def _season() -> Season:
    """Announce a season, which is nobody's."""
    return season_editing.add(
        {
            "slug": "for-all",
            "name": "For all to see",
            "starts_at": "2090-01-01T00:00",
            "ends_at": "2090-02-01T00:00",
        }
    )


def _comment_on(pack: Pack, author: User) -> int:
    """Write a comment of the owner's on their pack; return its id."""
    thread = subjects.Subject(subjects.SubjectType.PACK, pack.id, pack.user_id)
    limits = comments.Limits(settings().limit_comments)
    return comments.write(thread, author, body="A comment for all", limits=limits).comment.id


def _moderated(owner: User) -> dict[str, object]:
    """Report the owner's profile, warned once already; return the ids."""
    now = clock.now()
    rows = (
        Report(
            user_id=queries.get_by_username("noise").id,
            owner_id=owner.id,
            subject_type="profile",
            subject_id=owner.id,
            reason="spam",
            text="A secret report",
            state="open",
            created_at=now,
        ),
        ModerationAction(
            owner_id=owner.id,
            subject_type="profile",
            subject_id=owner.id,
            action="warn",
            reason="spam",
            statement="A secret statement",
            created_at=now,
        ),
    )
    db.session.add_all(rows)
    db.session.flush()
    return {"report_id": rows[0].id, "action_id": rows[1].id}


def _feed_entry_of(owner: Person, pack_id: int) -> int:
    """Return the id of the feed entry of a pack."""
    key = pack_key(owner.id, pack_id)
    projection.refresh([key])
    return db.session.scalars(sa.select(FeedEntry.id).where(FeedEntry.group_key == key)).one()


def _invited(app: Flask, invitee: Person) -> int:
    """Invite a user to a song of noise; return the id of the invitation."""
    with working(app):
        song = songs.add_song(queries.get_by_username("noise"), title="Secret", artist="Noise")
        collaborators.add_collaborator(song, username=invitee.username, limits=())
        invitation = find_invitation(Subject(song_id=song.id), invitee.id)
        assert invitation
        return invitation.id


def _scan_of(user: User) -> int:
    """Keep an upload with one song; give its id."""
    parts = {str(part): {"verdict": "for", "seen": "", "not_needed": False} for part in Part}
    report = {
        "title": "A secret chart",
        "artist": "Metallica",
        "album": "",
        "year": None,
        "charter": "",
        "folder": "",
        "notes_name": "",
        "parts": parts,
        "issues": [],
        "problems": [],
    }
    return chart_scans.begin(user, "A secret upload", [Kept({}, report=report)]).id


def _webhook_of(owner: User) -> dict[str, object]:
    """Add a webhook with a delivery that was not sent; return the ids."""
    now = clock.now()
    webhook = Webhook(
        user_id=owner.id,
        kind="standard",
        url="sealed",
        shown_url="secret.example.org/…cret",
        secret="sealed",
        events="song.released",
        state="paused",
        base_url="http://localhost",
        created_at=now,
    )
    db.session.add(webhook)
    db.session.flush()
    happened = queueing.Happened(owner.id, "song.released", 1, "secret", now)
    queueing.queue([webhook], [happened])
    outbox.drop_waiting(webhook.id, "secret")
    return {
        "webhook_id": webhook.id,
        "delivery_id": queries_of_webhooks.deliveries_of(webhook.id, limit=1)[0].id,
    }


def _notification_of(owner: Person) -> int:
    """Write a notification of the owner's; gives its id."""
    now = clock.now()
    row = Notification(
        user_id=owner.id,
        type="new_follower",
        title="New follower",
        message="",
        metadata_json={},
        read=False,
        created_at=now,
        updated_at=now,
        reason="follower",
        group_key="secret",
        n=1,
        actor_ids=",",
        subject_type="user",
        subject_ids=",",
        event_key="",
        version=1,
        wants_toast=False,
    )
    db.session.add(row)
    db.session.flush()
    return row.id
