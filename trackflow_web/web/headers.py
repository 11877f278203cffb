"""Security headers on every response of every status, and the caching of responses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from flask import Response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # Over HTTPS the CSRF check reads the Referer of our own pages.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
# Further directives, for example for subdomains, are a setting of the operator.
HSTS = "max-age=63072000"

# Responses that are the same for all users; files under static/ set their own headers.
CACHE_CONTROL = {"api.openapi_document": "public, max-age=300"}
# Their views say themselves how long a response may be kept, unless it is an error.
SAYS_ITSELF = frozenset(
    {
        "static",
        "avatars.picture",
        "avatars.generated",
        "covers.generated",
        "covers.picture",
        "seasons.ics",
        "feeds.of_community",
        "feeds.of_user",
        "feeds.of_achievement",
        "feeds.of_followed",
        "badges.profile",
        "badges.award",
        "badges.shield",
        "share_images.show",
    }
)


def limit_caching(response: Response) -> Response:
    """Forbid caching: even anonymous pages have the CSRF token of a session in their forms."""
    is_error = response.status_code >= HTTPStatus.BAD_REQUEST
    # Flask itself responds to OPTIONS.
    said = request.endpoint == "static" or (not is_error and "Cache-Control" in response.headers)
    if request.endpoint not in SAYS_ITSELF or not said:
        response.headers["Cache-Control"] = CACHE_CONTROL.get(request.endpoint or "", "no-store")
    return response


class SecurityHeaders:
    """WSGI middleware that adds the security headers."""

    def __init__(
        self, application: WSGIApplication, *, https: bool, extra: tuple[str, ...] = ()
    ) -> None:
        self.application = application
        hsts = ("Strict-Transport-Security", "; ".join([HSTS, *extra]))
        self.headers = (*HEADERS, hsts) if https else HEADERS

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as the application does, with the headers."""

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: tuple[type[BaseException], BaseException, TracebackType]
            | tuple[None, None, None]
            | None = None,
        ) -> object:
            # Only embeds set headers of these names themselves.
            own = {name.lower() for name, _ in headers}
            added = [header for header in self.headers if header[0].lower() not in own]
            return start_response(status, [*headers, *added], exc_info)

        return self.application(environ, start)  # type: ignore[arg-type]  # start_response's shape
