"""Muting things and artists, for pages and the API."""

from __future__ import annotations

from trackflow_web.domain.relations import muting
from trackflow_web.domain.relations.muting import Kind
from trackflow_web.domain.subjects import LARGEST_ID, SubjectType, find_subject
from trackflow_web.kernel import text
from trackflow_web.kernel.errors import NotFound
from trackflow_web.web.caller import get_current_user

SUBJECTS = {
    Kind.SONG: SubjectType.RELEASE,
    Kind.PACK: SubjectType.PACK,
    Kind.FEATURE: SubjectType.FEATURE_REQUEST,
    Kind.BUG: SubjectType.BUG_REPORT,
}


def set_mute(kind: str, target: object, *, wanted: bool, until: object = None) -> None:
    """Mute a release, a pack, a request, a report or an artist, or no longer.

    Raises NotFound for what the caller may not see, Invalid naming what is wrong.
    """
    if kind not in set(Kind):
        raise NotFound
    which, user = Kind(kind), get_current_user()
    if which is Kind.ARTIST:
        muting.set_mute_of_artist(user, target, wanted=wanted, until=until)
        return
    target_id = text.whole_number(target, "id", least=1, most=LARGEST_ID)
    is_there = target_id is not None and (
        not wanted or find_subject(SUBJECTS[which], target_id, user.id) is not None
    )
    if target_id is None or not is_there:
        raise NotFound
    muting.set_mute_of(user, which, target_id, wanted=wanted, until=until)
