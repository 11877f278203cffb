"""Forms: the submitted fields, and the page with the errors of a rejected one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import make_response, request

from trackflow_web.kernel import text
from trackflow_web.kernel.errors import Invalid, TooMany
from trackflow_web.kernel.text import YesOrNo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flask import Response

Refusal = Invalid | TooMany

# What programs send for a box that isn't ticked; a browser sends nothing.
NOT_TICKED = frozenset({"", "0", "false", "no", "off"})


def sent_fields(names: Iterable[str]) -> dict[str, str]:
    """Return those of the named fields that the form of this request contains."""
    return {name: request.form[name] for name in names if name in request.form}


def is_ticked(name: str) -> bool:
    """Return whether a box of the form of this request is ticked."""
    return request.form.get(name, "")[:6].casefold() not in NOT_TICKED


def is_wanted() -> bool:
    """Return whether a form sets something or, with `set` = 0, ends it.

    Raises Invalid naming `set`.
    """
    return text.choice(request.form.get("set", "1"), "set", YesOrNo) is YesOrNo.YES


def errors_of(refusal: Refusal | None, *, field: str = "form") -> Mapping[str, str]:
    """Return the error messages by field; `field` is where the message of a limit is shown."""
    if isinstance(refusal, TooMany):
        return {field: str(refusal)}
    return refusal.errors if refusal else {}


def refused(page: str, refusal: Refusal) -> Response:
    """Return the response of a rejected form: 422, or 429 with `Retry-After`."""
    if isinstance(refusal, Invalid):
        return make_response(page, 422)
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(refusal.retry_after)
    return response
