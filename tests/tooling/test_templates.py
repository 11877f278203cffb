"""Forbidden content of templates. (Rendered pages are linted when tests fetch them.)"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
# No attribute may be anything but name="value", and none may be a script or a style.
FORBIDDEN = {
    "lets text through unescaped": r"\|\s*safe\b|Markup\(|autoescape\s+false",
    "a script in an attribute": r"""\shx-on\b|\son[a-z]+\s*=\s*["']|javascript:""",
    "a style in an attribute": r"""\sstyle\s*=\s*["'{]""",
    "an inline script or style": r"<script(?![^>]*\ssrc=)[^>]*>|<style\b",
    "an attribute without quotes": r"""<[a-z][^<>{}"']*\s[a-z-]+=(?:\{\{|[^"'\s{])""",
    "an attribute in single quotes": r"""<[a-z][^<>]*\s[a-z-]+='""",
    "a file from elsewhere": r"""(?:src|<link[^>]*href)="(?:https?:)?//""",
}
JINJA = re.compile(r"{#.*?#}", re.DOTALL)


def problems(source):
    return [
        f"{what}: {hit[0]}"
        for what, rule in FORBIDDEN.items()
        for hit in re.finditer(rule, source, re.IGNORECASE)
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_has_no_unescaped_text_or_inline_code(path):
    source = JINJA.sub("", path.read_text(encoding="utf-8"))
    assert not problems(source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ name|safe }}",
        "{{ Markup(name) }}",
        "{% autoescape false %}",
        '<a hx-on:click="go()">',
        '<a onclick="go()">',
        '<a href="javascript:go()">',
        '<p style="color: red">',
        "<script>go()</script>",
        "<style>p {}</style>",
        "<input value={{ name }}>",
        "<input type=text>",
        "<a href='/'>",
        '<script src="https://example.org/x.js"></script>',
        '<link rel="stylesheet" href="//example.org/x.css">',
    ],
)
def test_unsafe_templates_are_detected(source):
    assert problems(source)


@pytest.mark.parametrize(
    "source",
    [
        "<script src=\"{{ asset('js/site.js') }}\" defer></script>",
        '<a href="{{ url_for("songs.show", song_id=song.id) }}">',
        '<option value="1"{{ " selected" if a == b }}>',
        '{% if a and b %}<b class="one{{ " two" if c }}">{% endif %}',
        "{{ field('title', label='Title') }}",
    ],
)
def test_safe_templates_pass(source):
    assert not problems(source)
