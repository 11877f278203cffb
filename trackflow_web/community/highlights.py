"""The achievement and the release of the week: chosen by a rule that the page prints.

A week runs from Monday 00:00 UTC. A job chooses for the week that has ended; a week that was missed
is filled later from the same rows. What was chosen stays: when it is no longer visible the page
says that it was withdrawn, and nothing takes its place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from trackflow_web.achievements.models import UserAchievement
from trackflow_web.achievements.standings.windows import Span, window_of
from trackflow_web.community.candidates import Candidate, candidates, eligible
from trackflow_web.community.models import LONGEST_REASON, Highlight, HighlightKind
from trackflow_web.domain.people.models import User
from trackflow_web.kernel import clock, text
from trackflow_web.kernel.database import db, upsert
from trackflow_web.kernel.errors import Invalid
from trackflow_web.notifications import write
from trackflow_web.notifications.notices import Notice
from trackflow_web.notifications.recipients import Audience
from trackflow_web.notifications.types import Reason, Type

RULE_VERSION = 1
# Work that was done on Sunday night is counted first.
CHOSEN_AFTER = timedelta(minutes=10)
# Weeks that a job fills when it was away.
MOST_MISSED = 8
SHORTEST_REASON = 10
NOT_ELIGIBLE = "Choose one of the listed candidates."
NO_WEEK = "Choose one of the last weeks."

RULES = {
    HighlightKind.ACHIEVEMENT: (
        "The rarest achievement that was earned and shown that week: the one that the fewest"
        " members have. If several are equally rare, the one that was earned first. Imports and"
        " rechecks don't count, and whoever was chosen pauses for eight weeks."
    ),
    HighlightKind.RELEASE: (
        "The released song that most people reacted to or commented on that week; a comment counts"
        " twice. The owner, the collaborators and new accounts don't count, and at least two people"
        " are needed. If several are equal, the one with more parts done, then the earlier one."
        " Imported songs don't count, and whoever was chosen pauses for eight weeks."
    ),
}


# --- choosing ------------------------------------------------------------------------------------


def weeks_to_choose(now: datetime) -> list[date]:
    """Return the weeks without a choice that are over, the oldest first."""
    current = window_of(Span.WEEK, (now - CHOSEN_AFTER).date()).start
    first = db.session.scalar(sa.select(sa.func.min(User.created_at)))
    if first is None:
        return []
    weeks = [current - timedelta(weeks=number) for number in range(1, MOST_MISSED + 1)]
    chosen = set(
        db.session.execute(
            sa.select(Highlight.kind, Highlight.start).where(Highlight.start >= weeks[-1])
        ).all()
    )
    since = window_of(Span.WEEK, first.astimezone(UTC).date()).start
    return sorted(
        week
        for week in weeks
        if week >= since and any((kind, week) not in chosen for kind in HighlightKind)
    )


def choose(week: date, *, newcomer_days: int) -> None:
    """Choose for a week by the rule, unless it has been chosen; once, however often it runs."""
    for kind in HighlightKind:
        found = candidates(kind, week, newcomer_days=newcomer_days)
        best = found[0] if found else None
        _publish(kind, week, best, chosen_by=None, reason="")


def choose_by_hand(
    admin: User, kind: object, week: object, subject_id: object, *, reason: object
) -> None:
    """Let an administrator choose among the candidates of a week, with a reason that is shown.

    Raises Invalid naming each bad field.
    """
    which = text.choice(kind, "kind", HighlightKind)
    why = text.line(reason, "reason", longest=LONGEST_REASON)
    if len(why) < SHORTEST_REASON:
        raise Invalid(reason=f"Say why in {SHORTEST_REASON} characters or more.")
    start = _week(week)
    number = text.whole_number(subject_id, "subject", least=1, most=text.LARGEST_ID)
    found = {each.subject_id: each for each in eligible(which, start)}
    if number not in found:
        raise Invalid(subject=NOT_ELIGIBLE)
    db.session.execute(
        sa.delete(Highlight).where(Highlight.kind == which, Highlight.start == start)
    )
    _publish(which, start, found[number], chosen_by=admin, reason=why)


def choosable_weeks() -> list[date]:
    """Return the weeks for which an administrator may choose: the present and the last two."""
    current = window_of(Span.WEEK, clock.now().date()).start
    return [current - timedelta(weeks=number) for number in range(3)]


def _week(value: object) -> date:
    by_text = {week.isoformat(): week for week in choosable_weeks()}
    if not isinstance(value, str) or value not in by_text:
        raise Invalid(start=NO_WEEK)
    return by_text[value]


def _publish(
    kind: HighlightKind,
    week: date,
    best: Candidate | None,
    *,
    chosen_by: User | None,
    reason: str,
) -> None:
    now = clock.now()
    inserted = db.session.scalar(
        upsert(Highlight)
        .values(
            kind=kind,
            start=week,
            subject_id=best.subject_id if best else None,
            user_id=best.user_id if best else None,
            reason=reason,
            rule_version=RULE_VERSION,
            chosen_by_id=chosen_by.id if chosen_by else None,
            figures=best.figures if best else {},
            published_at=now,
        )
        .on_conflict_do_nothing()
        .returning(Highlight.id)
    )
    if inserted is None or best is None:
        return
    if kind is HighlightKind.ACHIEVEMENT:
        db.session.execute(
            sa.update(UserAchievement)
            .where(UserAchievement.id == best.subject_id)
            .values(featured=True)
        )
    if week >= window_of(Span.WEEK, now.date()).start - timedelta(weeks=1):
        _notify(kind, week, best, now)


def _notify(kind: HighlightKind, week: date, best: Candidate, now: datetime) -> None:
    """Tell whose it is; of weeks that were missed long ago nobody is told."""
    key = f"{Type.FEATURED}:{kind}:{week}"
    write.send(
        Notice(
            type=Type.FEATURED,
            audience=Audience.USER,
            group=key,
            at=now,
            event_key=f"{kind[:3]}{week:%Y%m%d}",
            subject_type="song" if kind is HighlightKind.RELEASE else "achievement",
            subject_ids=(best.figures.get("achievement_id", best.subject_id),),
            owner_id=best.user_id,
            reason=Reason.CHOSEN,
            data=_codes(best),
        )
    )


def _codes(best: Candidate) -> dict[str, list[str]]:
    code = best.figures.get("code")
    return {"codes": [code]} if code else {}
