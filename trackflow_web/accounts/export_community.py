"""The export of the feed, of hidden entries and of weekly highlights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackflow_web.accounts.pieces import json_list, rows_of
from trackflow_web.community.models import FeedEntry, FeedPerson, HiddenEntry, Highlight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Whose entry it is; an administrator who chose a highlight is another user.
NO_USERS = frozenset({"chosen_by_id"})


def community_of(user_id: int) -> Mapping[str, Iterator[str]]:
    """Return the user's entries in the feed, those they hid, and their highlights."""
    own, hidden = FeedEntry.user_id == user_id, HiddenEntry.user_id == user_id
    return {
        "feed": json_list(rows_of(FeedEntry, own, leave_out=NO_USERS)),
        "feed_people": json_list(rows_of(FeedPerson, FeedPerson.user_id == user_id)),
        "feed_hidden": json_list(rows_of(HiddenEntry, hidden)),
        "highlights": json_list(
            rows_of(Highlight, Highlight.user_id == user_id, leave_out=NO_USERS)
        ),
    }
