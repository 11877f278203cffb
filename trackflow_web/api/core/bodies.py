"""The fields of a JSON body: only those that a model has get further."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import g
from pydantic import BaseModel, ValidationError

from trackflow_web.kernel.errors import Invalid

Body = TypeVar("Body", bound=BaseModel)

# The types of values; the domain validates their content.
SENTENCES = {
    "missing": "This field is required.",
    "string_type": "This must be text.",
    "bool_type": "This must be true or false.",
    "list_type": "This must be a list.",
    "literal_error": "This must be true or false, or 1 or 0.",
    "string_unicode": "This contains characters that can't be stored.",
}
WHOLE_NUMBER = "This must be a whole number."


def parse_body(model: type[Body]) -> Body:
    """Return the fields of the body that a model has; all others are ignored.

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
    """Return the fields that were sent, by name."""
    return body.model_dump(exclude_unset=True)
