"""How templates are compiled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2.ext import Extension
from jinja2.lexer import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from jinja2.lexer import TokenStream

# A line end and the indentation of the lines after it, empty ones included.
INDENTATION = re.compile(r"\n\s+")


def init_app(app: Flask) -> None:
    """Remove the indentation of templates from pages."""
    app.jinja_env.add_extension(DropIndentation)


class DropIndentation(Extension):
    """Compile templates without indentation and empty lines: white space is white space in HTML.

    Values inserted by templates (for example the text of a `<textarea>`) stay unchanged.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens of a template, each piece of its own text without indentation."""
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, "data", INDENTATION.sub("\n", token.value))
            else:
                yield token
