"""Markdown that people write: little HTML, and none that they wrote themselves."""

from __future__ import annotations

import time

import pytest
from bs4 import BeautifulSoup

from tests.support.hostile import TEXTS
from trackflow_web.kernel.markup import ATTRIBUTES, LONGEST, TAGS, to_html


def test_paragraphs_emphasis_lists_quotes_and_code_are_rendered():
    html = to_html("Hi *you*\n**there**\n\n- one\n- two\n\n> said\n\n`code`\n\n3. three")
    soup = BeautifulSoup(html, "html.parser")
    assert {each.name for each in soup.find_all()} == {
        *("p", "em", "br", "strong", "ul", "li", "blockquote", "code", "ol"),
    }
    assert soup.ol["start"] == "3"


def test_links_are_http_only_and_marked_as_user_content():
    soup = BeautifulSoup(to_html("[a](https://example.org/x?y=1)"), "html.parser")
    assert soup.a.attrs == {
        "href": "https://example.org/x?y=1",
        "rel": ["nofollow", "ugc", "noopener"],
    }
    for address in (
        *("javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "/logout", "#x"),
        *("//example.org", "https:///x", "https://me:secret@example.org", "java&#115;cript:x"),
        *("http://[", "mailto:a@example.org", "vbscript:x"),
    ):
        assert "<a" not in to_html(f"[a]({address})"), address
        assert "<a" not in to_html(f"<{address}>"), address


def test_html_pictures_and_headings_stay_text():
    for source in ("<b>x</b>", "<script>x</script>", "<!-- x -->", "# x", "x\n===", "---"):
        assert not BeautifulSoup(to_html(source), "html.parser").find_all(
            lambda tag: tag.name not in {"p", "br"}
        ), source
    assert "<img" not in to_html("![x](https://example.org/x.png)")


def test_references_to_characters_stay_text():
    html = to_html("&#x202e;gnp.exe &#8203; &nbsp; &lt;b&gt;")
    assert BeautifulSoup(html, "html.parser").get_text().strip() == (
        "&#x202e;gnp.exe &#8203; &nbsp; &lt;b&gt;"
    )


@pytest.mark.parametrize("text", ["", " ", "`` ``"])
def test_a_link_without_a_text_shows_its_address(text):
    html = to_html(f"[{text}](https://a.example) [b *c*](https://b.example)")
    first, second = BeautifulSoup(html, "html.parser").select("a")
    assert first.get_text().strip() == first["href"] == "https://a.example"
    assert second.get_text() == "b c"


@pytest.mark.parametrize("source", TEXTS)
def test_hostile_texts_stay_text(source):
    for wrapped in (source, f"[{source}](https://example.org/{source})", f"`{source}`"):
        for each in BeautifulSoup(to_html(wrapped), "html.parser").find_all():
            assert each.name in TAGS
            assert set(each.attrs) <= ATTRIBUTES.get(each.name, set()) | {"rel"}


@pytest.mark.parametrize(
    "unit",
    ["[", "*a ", "**a_b", "`", ">", "- ", "1. ", "[a](", "![", "<a", "_a", "&amp", "\\", "> - "],
)
def test_the_time_grows_linearly_with_the_length(unit):
    def seconds(size):
        source = (unit * size)[:size]
        took = []
        for _ in range(3):
            began = time.process_time()
            to_html(source)
            took.append(time.process_time() - began)
        return min(took)

    seconds(100)  # the parser is made once
    assert seconds(LONGEST) <= 4 * (LONGEST / 1_000) * seconds(1_000) + 0.02


def test_a_longer_text_is_shown_as_typed():
    html = to_html("*a*\n" + "<" * LONGEST)
    assert html.startswith("<p>*a*<br>&lt;")
    assert "<em>" not in html
