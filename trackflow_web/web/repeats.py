"""Idempotency keys: a form or an API request that is sent several times acts once.

Forms that create something have a key in a hidden field, API clients may send `Idempotency-Key`. A
key belongs to one request of one user: with other fields it is another request.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import partial
from typing import TYPE_CHECKING

from flask import Response, g, redirect, request, url_for
from flask_login import current_user

from trackflow_web.kernel import repeats
from trackflow_web.kernel.errors import Invalid
from trackflow_web.web import htmx
from trackflow_web.web.caller import get_current_user, is_write
from trackflow_web.web.json_body import FORMS

if TYPE_CHECKING:
    from flask import Flask

    from trackflow_web.kernel.repeats import AnsweredRequest

FIELD = "idempotency_key"
HEADER = "Idempotency-Key"
LONGEST_KEY = 255
TOO_LONG = f"An idempotency key has at most {LONGEST_KEY} characters."
# Fields that differ in every form, or do not change the request.
IGNORED = frozenset({"csrf_token"})


def init_app(app: Flask) -> None:
    """Add `new_key()` to templates."""
    app.jinja_env.globals["new_key"] = partial(secrets.token_urlsafe, 12)


def answer_repeated() -> Response | None:
    """Return the response to an earlier request with the same key and content, if there was one.

    Raises Invalid naming the field or header of a key that is too long.
    """
    digest = _digest()
    if digest is None:
        return None
    user_id = get_current_user().id
    earlier = repeats.begin(user_id, digest)
    if earlier is None:
        g.first_of_repeats = user_id, digest  # the view may end the session
        return None
    return _again(earlier)


def keep_response(response: Response) -> None:
    """Keep the response to a request with a key, within its unit of work."""
    first = g.pop("first_of_repeats", None)
    if first is None:
        return
    user_id, digest = first
    location = response.headers.get("HX-Redirect") or response.headers.get("Location", "")
    if location.startswith(url_for("people.confirm_form")):  # nothing has been done yet
        repeats.cancel(user_id, digest)
        return
    is_text = request.blueprint == "api" and not response.is_streamed
    repeats.finish(
        user_id,
        digest,
        status=response.status_code,
        location=location,
        body=g.get("kept_body", response.get_data(as_text=True)) if is_text else "",
    )


def keep_instead(body: str) -> None:
    """Store this body in place of that of the response, which has a secret."""
    g.kept_body = body


def _digest() -> str | None:
    """Return the digest of the key and the request; None without a key or a user."""
    if not is_write() or request.endpoint is None:
        return None
    if request.blueprint == "api":
        name, key = HEADER, request.headers.get(HEADER, "")
        content = (
            (form_content() if request.endpoint in FORMS else request.get_data()) if key else b""
        )
    else:
        name, key, content = FIELD, request.form.get(FIELD, ""), form_content()
    if not key or not ("caller" in g or current_user.is_authenticated):
        return None
    if len(key) > LONGEST_KEY:
        raise Invalid(**{name: TOO_LONG})
    asked = f"{request.method} {request.full_path}\n{key}\n".encode(errors="surrogatepass")
    return hashlib.sha256(asked + content).hexdigest()


def form_content() -> bytes:
    """Return the content of a form: its fields and the digests of its files, made once."""
    made: bytes | None = g.get("form_content")
    if made is None:
        made = g.form_content = _form_content()
    return made


def _form_content() -> bytes:
    fields = [item for item in request.form.items(multi=True) if item[0] not in IGNORED]
    for name, file in request.files.items(multi=True):
        digest = hashlib.file_digest(file.stream, hashlib.sha256).hexdigest()  # type: ignore[arg-type]
        file.stream.seek(0)
        fields.append((name, f"{file.filename} {digest}"))
    return json.dumps(fields).encode()


def _again(earlier: AnsweredRequest) -> Response:
    """Return the response of the first request: for a page its redirect, or the current page."""
    if request.blueprint == "api":
        headers = {"Location": earlier.location} if earlier.location else {}
        return Response(earlier.body, earlier.status, headers, mimetype="application/json")
    if htmx.is_htmx() and not earlier.location:
        return Response(status=204)  # htmx leaves the page as the first response made it
    address = earlier.location or request.path
    if htmx.is_htmx():
        return Response(headers={"HX-Redirect": address})
    return redirect(address, code=htmx.SEE_OTHER)  # type: ignore[return-value]
