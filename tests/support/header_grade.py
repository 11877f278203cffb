"""The score of a response's headers, by the applicable rules of the HTTP Observatory.

A hundred points to start with. Missing headers subtract points, stricter ones add some; as in the
Observatory, added points count only from 90 on. Bands: 100 is an A+, 145 the maximum.

- Content-Security-Policy: none -25; `unsafe-inline`, `unsafe-eval` or `data:` for scripts -20; no
  `unsafe` anywhere +5, with `default-src 'none'` +10.
- Cookies: without HttpOnly -30; over HTTPS without Secure -40; with SameSite as well +5.
- Referrer-Policy: `unsafe-url` and the like -5; one that sends nothing to other sites +5.
- Framing: neither X-Frame-Options nor `frame-ancestors` -20; by `frame-ancestors` +5.
- Cross-Origin-Resource-Policy: `same-origin` or `same-site` +10.
- Subresource integrity: a script from elsewhere without it -50; all scripts with it +5.
- X-Content-Type-Options: not `nosniff` -5.
- Strict-Transport-Security, over HTTPS: none, or for less than half a year, -20. (The preload
  list of browsers would be +5; it needs a public domain.)
- Access-Control-Allow-Origin: `*` -50.

For rules that do not apply (no cookie set; no HTML, so no scripts) the Observatory adds 0, and so
does `strict`. `score` counts such a rule as passed: a file cannot be made to set a cookie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE = 100
# From this score on, bonus points count.
ENOUGH = 90
HALF_A_YEAR = 15_768_000
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
SAME = {"same-origin", "same-site"}
# The most that each rule adds.
BEST = {
    "Content-Security-Policy": 10,
    "cookies": 5,
    "Referrer-Policy": 5,
    "framing": 5,
    "Cross-Origin-Resource-Policy": 10,
    "integrity": 5,
    "X-Content-Type-Options": 0,
    "Strict-Transport-Security": 0,
    "Access-Control-Allow-Origin": 0,
}


@dataclass(frozen=True)
class Grade:
    """The points of each rule; None if it does not apply."""

    points: dict[str, int | None]

    @property
    def score(self) -> int:
        return _total({rule: BEST[rule] if it is None else it for rule, it in self.points.items()})

    @property
    def strict(self) -> int:
        return _total({rule: it or 0 for rule, it in self.points.items()})

    @property
    def missing(self) -> dict[str, int]:
        """The rules that lack points, and how many."""
        return {
            rule: BEST[rule] - it
            for rule, it in self.points.items()
            if it is not None and it < BEST[rule]
        }


def grade(headers: Iterable[tuple[str, str]], html: str = "", *, https: bool) -> Grade:
    """Judge the headers of a response, and its scripts if it is a whole page."""
    sent = Headers(headers)
    policy = _policy(sent.get("Content-Security-Policy", ""))
    return Grade(
        {
            "Content-Security-Policy": _of_policy(policy),
            "cookies": _of_cookies(sent.getlist("Set-Cookie"), https=https),
            "Referrer-Policy": _of_referrer(sent.get("Referrer-Policy", "")),
            "framing": _of_framing(policy, sent),
            "Cross-Origin-Resource-Policy": (
                10 if sent.get("Cross-Origin-Resource-Policy") in SAME else 0
            ),
            "integrity": _of_integrity(html),
            "X-Content-Type-Options": (
                0 if sent.get("X-Content-Type-Options") == "nosniff" else -5
            ),
            "Strict-Transport-Security": _of_transport(sent) if https else 0,
            "Access-Control-Allow-Origin": (
                -50 if sent.get("Access-Control-Allow-Origin") == "*" else 0
            ),
        }
    )


def _total(points: dict[str, int]) -> int:
    least = BASE + sum(it for it in points.values() if it < 0)
    return least + sum(it for it in points.values() if it > 0) if least >= ENOUGH else least


def _policy(header: str) -> dict[str, list[str]]:
    directives = [part.split() for part in header.lower().split(";") if part.strip()]
    return {name: sources for name, *sources in directives}


def _of_policy(policy: dict[str, list[str]]) -> int:
    if not policy:
        return -25
    scripts = policy.get("script-src", policy.get("default-src", ["*"]))
    if {"'unsafe-inline'", "'unsafe-eval'", "data:", "*", "https:", "http:"} & {*scripts}:
        return -20
    if any("unsafe" in source for sources in policy.values() for source in sources):
        return 0
    return 10 if policy.get("default-src") == ["'none'"] else 5


def _of_cookies(cookies: list[str], *, https: bool) -> int | None:
    if not cookies:
        return None
    worst = BEST["cookies"]
    for cookie in cookies:
        flags = {part.strip().lower().partition("=")[0] for part in cookie.split(";")[1:]}
        if https and "secure" not in flags:
            worst = min(worst, -40)
        elif "httponly" not in flags:
            worst = min(worst, -30)
        elif "samesite" not in flags:
            worst = min(worst, 0)
    return worst


def _of_referrer(header: str) -> int:
    if not header:
        return 0
    return 5 if header in PRIVATE else -5


def _of_framing(policy: dict[str, list[str]], sent: Headers) -> int:
    if policy.get("frame-ancestors") in (["'none'"], ["'self'"]):
        return 5
    return 0 if sent.get("X-Frame-Options") in {"DENY", "SAMEORIGIN"} else -20


def _of_integrity(html: str) -> int | None:
    page = BeautifulSoup(html, "html.parser")
    if page.html is None:
        return None
    scripts = page.select("script[src]")
    bare = [script["src"] for script in scripts if not script.get("integrity")]
    if any("//" in address for address in bare):
        return -50
    return 0 if bare or not scripts else 5


def _of_transport(sent: Headers) -> int:
    _, options = parse_options_header(f"x; {sent.get('Strict-Transport-Security', '')}")
    age = options.get("max-age", "0")
    return 0 if age.isdigit() and int(age) >= HALF_A_YEAR else -20
