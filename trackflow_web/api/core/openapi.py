"""The document that describes every address of the API (OpenAPI 3.1).

Views say what they take and give; who may ask and what may go wrong follows from that and is added
here. Only the document is served: the library's viewer pages load scripts from elsewhere.
"""

from __future__ import annotations

from copy import deepcopy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ParamSpec, cast

from flask import current_app
from spectree import Response as Answers
from spectree import SpecTree

from trackflow_web.api.core import problems
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.schemas import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.typing import ResponseReturnValue
    from pydantic import BaseModel
    from werkzeug.sansio.response import Response

Given = ParamSpec("Given")

KEPT = "public, max-age=300"
EXTENSION = "trackflow.openapi"
RECORD_ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10**18 - 1}
BY_TOKEN: dict[str, list[str]] = {"bearerAuth": []}
BY_COOKIE: dict[str, list[str]] = {"cookieAuth": []}
BY_COOKIE_AND_PROOF: dict[str, list[str]] = {"cookieAuth": [], "csrfToken": []}

spec = SpecTree(
    "flask",
    mode="strict",
    annotations=False,
    title="TrackFlow",
    version="1",
    description="Everything that the pages do, for programs. Errors are application/problem+json.",
    validation_error_model=Problem,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
)


def described(
    answers: type[BaseModel],
    *,
    status: int = 200,
    or_else: dict[int, type[BaseModel]] | None = None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
) -> Callable[[Callable[Given, object]], Callable[Given, ResponseReturnValue]]:
    """Write a view into the document; what it is given is checked by the view itself.

    `or_else` has what it answers with other statuses of success.
    """
    models = {status: answers, **(or_else or {})}

    def describe(view: Callable[Given, object]) -> Callable[Given, ResponseReturnValue]:
        decorate = spec.validate(
            query=query,
            json=body,
            resp=Answers(**{f"HTTP_{number}": model for number, model in models.items()}),
            tags=[view.__module__.rpartition(".")[2]],
            operation_id=view.__name__,
            skip_validation=True,
        )
        return cast("Callable[Given, ResponseReturnValue]", decorate(view))

    return describe


@api.get("/openapi.json")
def openapi_document() -> Response:
    """This document."""
    return current_app.json.response(document())


def document() -> dict[str, Any]:
    """The whole document; made once for an application."""
    made: dict[str, Any] | None = current_app.extensions.get(EXTENSION)
    if made is None:
        made = current_app.extensions[EXTENSION] = _finished(deepcopy(spec.spec))
    return made


def _finished(made: dict[str, Any]) -> dict[str, Any]:
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _finish(operation, path, writes=method != "get")
    made["paths"]["/api/openapi.json"] = {"get": _own_operation()}
    made["components"]["securitySchemes"] = {
        "bearerAuth": {"type": "http", "scheme": "bearer", "description": "A token: tf_..."},
        "cookieAuth": {
            "type": "apiKey",
            "in": "cookie",
            "name": current_app.config["SESSION_COOKIE_NAME"],
        },
        "csrfToken": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    }
    return made


def _finish(operation: dict[str, Any], path: str, *, writes: bool) -> None:
    for parameter in operation["parameters"]:
        if parameter["schema"] is None:  # the library does not know our converter
            parameter["schema"] = RECORD_ID
    takes_input = "requestBody" in operation or any(
        parameter["in"] == "query" for parameter in operation["parameters"]
    )
    operation["security"] = [BY_TOKEN, BY_COOKIE_AND_PROOF if writes else BY_COOKIE]
    operation["responses"].pop("422", None)
    operation["responses"] |= {
        str(status): _problem(HTTPStatus(status).phrase)
        for status in _refusals(path, writes=writes, takes_input=takes_input)
    }
    operation["responses"]["default"] = _problem("Anything else that went wrong.")


def _refusals(path: str, *, writes: bool, takes_input: bool) -> Iterator[int]:
    yield 401
    yield 503
    if "{" in path or path.endswith("/check"):
        yield 404
    if writes:
        yield from (400, 403, 413, 415)
    if writes or takes_input:
        yield 422


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {"description": description, "content": {problems.MIMETYPE: {"schema": schema}}}


def _own_operation() -> dict[str, Any]:
    return {
        "summary": "This document.",
        "operationId": openapi_document.__name__,
        "security": [],
        "responses": {
            "200": {
                "description": "OpenAPI 3.1",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }
