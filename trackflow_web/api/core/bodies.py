"""What a request brings: one JSON object, of which only what is asked for gets further."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeVar

from flask import g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from trackflow_web.kernel.errors import Invalid

Body = TypeVar("Body", bound=BaseModel)

NO_JSON = "The body is not valid JSON."
ONLY_JSON = "Send application/json in UTF-8, not compressed."
TWICE = "A name stands twice in one object of the body."
NO_OBJECT = "This must be a JSON object."
# Of what kind a value has to be; what it may say is for the domain to judge.
SENTENCES = {
    "missing": "This is needed.",
    "string_type": "This must be text.",
    "bool_type": "This must be true or false.",
    "string_unicode": "This contains characters that cannot be stored.",
}
WHOLE_NUMBER = "This must be a whole number."


def read() -> None:
    """Take the body in, before any view; without one it is an empty object.

    Raises UnsupportedMediaType, BadRequest, RequestEntityTooLarge and Invalid naming `body`.
    """
    data = request.get_data()
    if not data and not request.mimetype:
        g.body = {}
        return
    charset = request.mimetype_params.get("charset", "utf-8").casefold()
    if (
        request.mimetype != "application/json"
        or charset not in {"utf-8", "utf8"}
        or request.content_encoding
    ):
        raise UnsupportedMediaType(ONLY_JSON)
    try:
        g.body = json.loads(
            data.decode(), parse_constant=_refuse_constant, object_pairs_hook=_each_once
        )
    except (ValueError, RecursionError):  # deep nesting ends in the latter
        raise BadRequest(NO_JSON) from None
    if not isinstance(g.body, dict):
        raise Invalid(body=NO_OBJECT)


def parse_body(model: type[Body]) -> Body:
    """The fields of the body that a model has; all others are left where they are.

    Raises Invalid naming each field that is missing or of another type.
    """
    try:
        return model.model_validate(g.body)
    except ValidationError as refusal:
        errors = {str(error["loc"][0]): error["type"] for error in refusal.errors()}
        raise Invalid(
            **{field: SENTENCES.get(kind, WHOLE_NUMBER) for field, kind in errors.items()}
        ) from None


def sent(body: BaseModel) -> dict[str, Any]:
    """The fields that were really sent, by name."""
    return body.model_dump(exclude_unset=True)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, one program takes the first and another the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadRequest(TWICE)
    return found


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's JSON, nobody else's."""
    raise ValueError(name)
