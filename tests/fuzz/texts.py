"""User input stays text: hostile texts leave the structure of all responses unchanged.

A walk enters one text into every field, through the forms, and collects every response, every page
in full and as a fragment, and the JSON, as the owner, a collaborator, an anonymous visitor and an
administrator. The responses without their texts are compared with those to a harmless text.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.world import FAR_AWAY
from tests.support.databases import close
from tests.support.hostile import TEXTS
from tests.support.moving_clock import MovingClock, running_on
from tests.support.people import PASSWORD, add_person
from tests.support.routes import all_routes
from tests.support.settings import settings_for
from tests.support.skeleton import of_answer
from trackflow_web import create_app
from trackflow_web.kernel import text as texts
from trackflow_web.kernel.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from tests.fuzz.world import Tally
    from tests.support.databases import Databases
    from tests.support.routes import Route

HARMLESS = "Some Song"
LONGEST = 190
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PIECES = [
    "<", ">", '"', "'", "&", "`", "=", "/", "\\", "</", "<!--", "-->", "]]>", "{{", "}}", "{%",
    "%}", "${", "script", "style", "title", "textarea", "svg", "b", "hx-get=", "hx-swap-oob=",
    "onerror=", "id=main", "javascript:", "&lt;", "&#60;", "%3C", "\\u003c", " ", "x", "é", "ß",
    "\N{GUITAR}", "\N{RIGHT-TO-LEFT OVERRIDE}", "\N{COMBINING ACUTE ACCENT}",
    "\N{ZERO WIDTH JOINER}", "\ufeff", "\u2028", "\r\nX-Evil: 1", "\t",
]  # fmt: skip
# URLs that redirect elsewhere or do not contain input.
NOT_LOOKED_AT = {"static", "connections.connect", "connections.callback", "people.logout",
                 "api.openapi_document", "health.check",
                 "seasons.ics", "releases.credits_ini"}  # fmt: skip

anything = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=20).map("".join),
    st.text(min_size=1, max_size=100),
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(TEXTS)).map("".join),
)


def run(databases: Databases, tally: Tally, *, requests: int, first_seed: int) -> None:
    """Walk with one text after another until this many responses were compared."""
    harmless = walk(databases, HARMLESS)

    def compare(text: str) -> None:
        if tally.requests >= requests:
            return
        seen = walk(databases, text)
        tally.requests += len(seen)
        for where, answer in seen.items():
            tally.statuses[answer[0]] += 1
            if answer != harmless.get(where):
                tally.failures[f"{where} looks different with {text!r}"] += 1
        if seen.keys() != harmless.keys():
            tally.failures[f"other answers with {text!r}"] += 1

    seed(first_seed)(
        settings(
            max_examples=2 + 2 * requests // len(harmless),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(anything.filter(can_be_typed))(compare))
    )()


def can_be_typed(text: str) -> bool:
    """Return whether this is a valid title: rejected ones are only in forms, tested elsewhere."""
    try:
        kept = texts.line(text, "title", longest=LONGEST)
        texts.lines(text, "body", longest=LONGEST)
    except Invalid:
        return False
    # As long as it is when it is looked for; some characters disappear from keys.
    return len(texts.comparison_key(kept)) > 1 and unicodedata.normalize("NFC", kept) == kept


@dataclass
class Walk:
    """A client that visits the site and collects the structure of every response."""

    app: Flask
    name: str
    seen: dict[str, list[object]] = field(default_factory=dict)
    step: int = 0

    def __post_init__(self) -> None:
        self.client = self.app.test_client()
        form = {"username": self.name, "password": PASSWORD, "csrf_token": self._token("/login")}
        assert self.client.post("/login", data=form).status_code == 303
        self.token = self._token("/settings/tokens")

    def _token(self, path: str) -> str:
        return TOKEN.search(self.client.get(path).get_data(as_text=True))[1]

    def look(self, path: str, method: str = "GET", *, htmx: bool = False, **more: object) -> None:
        """Send a request and store the response."""
        headers = {"X-CSRFToken": self.token} | ({"HX-Request": "true"} if htmx else {})
        self.step += 1
        with self.client.open(path, method=method, headers=headers, **more) as response:
            how = "htmx" if htmx else ""
            self.seen[f"{self.step}. {self.name} {method} {path} {how}"] = of_answer(response)

    def do(self, path: str, **fields: object) -> None:
        """Send a form and load the page it redirects to, with its message."""
        self.look(path, "POST", data=fields)
        self.look(path.split("/")[1].join("//"))

    def do_quickly(self, path: str, **fields: object) -> None:
        """The same as htmx sends it."""
        self.look(path, "POST", htmx=True, data=fields)

    def look_around(self, values: dict[str, object], *places: str) -> None:
        """Return every URL, or those with a prefix, as page, fragment and JSON."""
        for route in self._addresses(values):
            if places and not route.path.startswith(places):
                continue
            self.look(route.path)
            if not route.is_api:
                self.look(route.path, htmx=True)

    def _addresses(self, values: dict[str, object]) -> Iterator[Route]:
        for route in all_routes(self.app, values):
            if not route.is_unsafe and route.endpoint not in NOT_LOOKED_AT:
                yield route


def walk(databases: Databases, text: str) -> dict[str, list[object]]:
    """Return the structure of all responses of a new installation in which all names are `text`."""
    url = databases.create()
    app = create_app(settings_for(url, **FAR_AWAY))
    try:
        with running_on(MovingClock()):
            return _walk(app, text)
    finally:
        close(app)
        databases.drop(url)


def _walk(app: Flask, text: str) -> dict[str, list[object]]:
    for name in ("alice", "bob", "charlie"):
        add_person(app, name)
    add_person(app, "olga", is_admin=True)
    alice, bob, charlie, olga = (Walk(app, name) for name in ("alice", "bob", "charlie", "olga"))
    _charts(alice, text)
    _invites(alice, bob, charlie)
    _asks(alice, bob, olga, text)
    _is_refused(alice, text)
    alice.look_around(VALUES)
    bob.look_around(
        VALUES, "/songs", "/features", "/bugs", "/users", "/api/songs", "/achievements/"
    )
    charlie.look_around(VALUES, "/features", "/users", "/api/features", "/api/users")
    olga.look_around(VALUES, "/admin", "/features", "/bugs")
    _takes_away(alice)
    return alice.seen | bob.seen | charlie.seen | olga.seen


# Of what is made below, in a database whose only songs are the four of the noise.
VALUES = {
    "song_id": 5, "part": "drums", "user_id": 3, "pack_id": 1, "series_id": 1, "position": 1,
    "import_id": 1, "feature_id": 1, "bug_id": 2, "token_id": 1, "token": "forged", "action": "ban",
    "code": "first_release",
    "username": "alice", "run_id": 1,
    "digest": "0" * 64, "size": "64", "initials": "al", "seed": "00ff",
    "key": "00ff00ff", "letters": "AL", "section": "profiles", "number": 0, "form": "svg",
    "invitation_id": 1, "notification_id": 1, "filename": "css/base.css",
    "action_id": 1, "comment_id": 1, "feed_id": 1, "kind": "artist", "report_id": 1, "scan_id": 1,
    "side": "250", "slug": "fuzz", "subject": "release", "subject_id": 5, "target": "1",
    "template_id": 1, "webhook_id": 1, "delivery_id": 1, "public_id": "0" * 32, "name": "no-image",
}  # fmt: skip


def _charts(alice: Walk, text: str) -> None:
    line = " ".join(text.split())  # one that ends in between would be several tracks
    song = {"title": text, "artist": text, "album": text, "year": "1999"}
    alice.do("/songs/", **song, status="released")
    alice.do_quickly("/songs/", title=f"{text} 2", artist=text, status="wip")
    alice.do_quickly("/songs/5", **song)
    alice.do("/songs/5", **song)
    alice.do_quickly("/songs/6/status", status="released")
    alice.do_quickly("/songs/5/parts/drums", state="done")
    alice.do("/songs/5/parts/keys", state="skip")
    alice.do_quickly("/songs/5/templates", name=text[:40])
    alice.do("/songs/5/collaborators", username="bob")
    alice.do("/packs/", name=text)
    alice.do("/packs/1", name=f"{text} 2")
    alice.do_quickly("/packs/1/songs", song_id="5")
    alice.do("/packs/1/songs", song_id="6")
    alice.do("/packs/1/release")
    alice.do("/series/", artist=text, album=text, tracks=f"{line}\n{line} 2\nx")
    alice.do_quickly("/series/1/link")
    alice.do("/series/1", artist=text, album=text, year=f"y{text}")
    alice.do("/series/1/tracks", **{"title-1": line, "new": f"{line} 3"})
    alice.do_quickly("/series/1/plan", track="1")
    alice.do_quickly("/series/1/tracks/3", irrelevant="1")
    alice.do("/settings/tokens", name=text[:60], scope="read", days="30")
    alice.do("/settings/profile", display_name=text[:60], charter_names=line[:60])
    rows = io.StringIO()
    # A semicolon separates artists in a file: the songs would have another artist.
    artist = f"a {text}".replace(";", ":")
    songs = [(f"{text} 3", artist), (f"{text} 4", artist), ("", artist)]
    csv.writer(rows).writerows([("title", "artist"), *songs])
    file = (io.BytesIO(rows.getvalue().encode()), "songs.csv")
    alice.do("/imports/", name=text, file=file, start="1")


def _invites(alice: Walk, bob: Walk, charlie: Walk) -> None:
    """Bob, who is invited to a song, accepts; Charlie is invited to the pack."""
    bob.look("/invitations/")
    bob.do("/invitations/1/accept")
    alice.do("/packs/1/collaborators", username="charlie")
    for path in ("/invitations/", "/songs/"):
        for htmx in (False, True):
            charlie.look(path, htmx=htmx)


def _asks(alice: Walk, bob: Walk, olga: Walk, text: str) -> None:
    for place, decided in (("features", "planned"), ("bugs", "confirmed")):
        number = 1 if place == "features" else 2
        alice.do(f"/{place}/", title=text, description=f"{text}\n\n{text}")
        # Not the same text in two threads: that is refused if it is long.
        bob.do(f"/{place}/{number}/comments", body=f"{text}\n\n{place}")
        bob.do_quickly(f"/{place}/{number}/comments", body=f"{text}\n{text}\n\n{place}")
        olga.do(f"/{place}/{number}/status", status=decided, reason=text)
    bob.do_quickly("/features/1/vote")
    times = {"starts_at": "2090-01-01T00:00", "ends_at": "2090-02-01T00:00"}
    olga.do("/admin/seasons/", name=text[:80], slug="fuzz", **times)
    counted = {"metric": "total_songs", "threshold": "9", "rarity": "rare", "icon": "*"}
    olga.do(
        "/admin/seasons/fuzz/achievements",
        code="fuzz_nine",
        name=f"{text[:70]} 9",
        description=text[:200],
        **counted,
    )
    olga.do("/admin/seasons/fuzz", name=text[:80], slug=text, rerun=text, **times)
    for path in ("/admin/seasons/", "/admin/seasons/fuzz", "/seasons/", "/seasons/fuzz"):
        olga.look(path)
    _makes_achievements(olga, text)
    olga.do("/admin/levels", level_1=text[:40])
    olga.do("/achievements/check", user="alice")
    olga.do("/achievements/check", user="")


def _makes_achievements(olga: Walk, text: str) -> None:
    """Add a custom achievement, change it and grant it, with a note that its holder sees."""
    address = "/admin/achievements/custom"
    named = {"name": f"{text[:70]} 8", "description": text[:200], "icon": "*", "rarity": "rare"}
    olga.do(address, code="fuzz_eight", metric="", threshold="", **named)
    olga.do(f"{address}/fuzz_eight", **named | {"description": f"{text[:190]} 8"})
    note = f"A long note: {text}"[:500]
    olga.do(f"{address}/fuzz_eight/grant", usernames="alice", note=note)
    olga.do(f"{address}/fuzz_eight/grant", usernames=text, note=text[:9], preview="1")
    for path in (address, f"{address}/fuzz_eight", "/achievements/fuzz_eight"):
        olga.look(path)


def _is_refused(alice: Walk, text: str) -> None:
    """Submit invalid forms, which show the input with errors."""
    odd = {"title": text, "artist": text, "album": text, "year": f"y{text}", "status": f"s{text}"}
    for path in ("/songs/", "/songs/5"):
        alice.do_quickly(path, **odd)
        alice.do(path, **odd)
    alice.do("/songs/", title=text, artist=text)  # is there already
    alice.do("/packs/", name=f"{text} 2")
    alice.do("/series/", artist=text, album=text, year=f"y{text}", tracks=text)
    alice.do("/features/", title=text, description="")
    alice.do("/settings/profile", email=f"@{text}", timezone=text)
    alice.do("/settings/tokens", name=text[:60], scope=text, days=text)
    alice.do("/settings/privacy/delete", username=text, password=text)
    alice.do("/imports/", name=text, playlist=text, start="1")
    alice.do("/songs/5/collaborators", username=text)
    for path in ("/songs/", "/features/", "/bugs/", "/achievements/", "/packs/1"):
        for htmx in (False, True):
            alice.look(path, htmx=htmx, query_string={"q": f"qq{text}"[:100]})
    for path in ("/login", "/register", "/confirm"):
        alice.look(path, query_string={"next": text})
        alice.look(path, "POST", data={"username": text, "email": text, "next": text})


def _takes_away(alice: Walk) -> None:
    """Remove objects, whose names are shown once more."""
    alice.do_quickly("/packs/1/songs/5/delete")
    for path in ("/packs/1/delete", "/series/1/delete", "/songs/5/delete", "/features/1/withdraw"):
        alice.do(path)
