"""Records forbidden behaviour of a browser page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request


# The toasts that are there to be read: not those on their way out.
STANDING = "#toasts [data-toast]:not(.toast--leaving)"

ABORTED = "htmx:sendAbort"


class Watch:
    """Errors of scripts and on the console, where broken policies show too; foreign hosts."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.seen: list[str] = []
        self.allowed: list[str] = []

    def allow(self, text: str) -> None:
        """Expect console errors that contain this text; for tests of failures."""
        self.allowed.append(text)

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a browser context."""
        context.on("request", self._request)
        context.on("page", self._page)

    def problems(self) -> list[str]:
        allowed = [*self.allowed]
        if any(ABORTED in line for line in self.seen):
            # A search that is typed on takes the place of the one under way; htmx reports the
            # abort and then its end. Real failures also report sendError or responseError.
            allowed += [ABORTED, "htmx:afterRequest"]
        return [line for line in self.seen if not any(text in line for text in allowed)]

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.seen.append(f"script error: {error}"))

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob", "about"} and address.netloc != self.host:
            self.seen.append(f"asked a foreign host: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in {"error", "warning"}:
            return
        where = message.location.get("url", "")
        # The browser logs every 4xx, but a rejected form is a normal response. A
        # file that is missing is not.
        refused = (
            message.text.startswith("Failed to load resource") and "status of 4" in message.text
        )
        if not refused or "/static/" in where:
            self.seen.append(f"console: {message.text} ({where})")


def settle(page: Page) -> None:
    """Wait until htmx knows what it has put into the page; a key pressed earlier is the browser's.

    It takes 20 ms, in which only a test can press one.
    """
    expect(
        page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    ).to_have_count(0)
