"""The OpenAPI 3.1 document of the API, generated from the routes and the views' pydantic models.

A view declares its input and results with `described`. Its authentication and errors follow from
its route and are added here. Only the document is served, no viewer page.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ParamSpec

from flask import Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from trackflow_web.api.core import openapi_errors
from trackflow_web.api.core.blueprint import api
from trackflow_web.api.core.schemas import Problem
from trackflow_web.kernel.text import LARGEST_ID
from trackflow_web.web import repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.typing import ResponseReturnValue
    from werkzeug.routing import Rule
    from werkzeug.sansio.response import Response as BaseResponse

Given = ParamSpec("Given")

EXTENSION = "trackflow.openapi"
OPERATION = "openapi_operation"
REFERENCE = "#/components/schemas/{model}"
RECORD_ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
PATH_PARAMETER = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
BEARER = (
    "A token: tf_... Its scope is `read`, `write` or `admin`; only an administrator's with `admin`"
    " may administer."
)
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": repeats.HEADER,
    "in": "header",
    "required": False,
    "description": "With the same key and content within a day, a request acts once.",
    "schema": {"type": "string", "maxLength": repeats.LONGEST_KEY},
}
BY_TOKEN: dict[str, list[str]] = {"bearerAuth": []}
BY_COOKIE: dict[str, list[str]] = {"cookieAuth": []}
BY_COOKIE_AND_CSRF_TOKEN: dict[str, list[str]] = {"cookieAuth": [], "csrfToken": []}


@dataclass(frozen=True)
class Operation:
    """The declaration of a view: its results by status, its body and its query parameters.

    `file` is the field of a file, which is sent as a form; perhaps `several` files.
    """

    results: dict[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    file: str = ""
    several: bool = False
    summary: str = ""
    description: str = ""
    tag: str = ""

    @property
    def models(self) -> set[type[BaseModel]]:
        """Return every model that the operation refers to."""
        return {m for m in (*self.results.values(), self.body, self.query) if m}


def described(
    result: type[BaseModel] | None,
    *,
    status: int = 200,
    or_else: dict[int, type[BaseModel]] | None = None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    file: str = "",
    several: bool = False,
    tag: str = "",
) -> Callable[[Callable[Given, object]], Callable[Given, ResponseReturnValue]]:
    """Declare the input and results of a view, and turn the returned model into a response.

    A result of None is a response without a body.

    `or_else` has the results of other successful statuses. The view validates its own input. The
    tag is the name of the feature unless one is given.
    """
    results: dict[int, type[BaseModel] | None] = {status: result, **(or_else or {})}

    def describe(view: Callable[Given, object]) -> Callable[Given, ResponseReturnValue]:
        summary, _, more = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
        feature = view.__module__.split(".")[2]

        @wraps(view)
        def respond(*args: Given.args, **kwargs: Given.kwargs) -> ResponseReturnValue:
            return _response(view(*args, **kwargs))

        operation = Operation(
            results, body, query, file, several, " ".join(summary.split()), more, tag or feature
        )
        setattr(respond, OPERATION, operation)
        return respond

    return describe


def _response(returned: Any) -> ResponseReturnValue:  # noqa: ANN401 -- whatever a view may return
    """Return the response for a model alone or for a model with a status and headers."""
    model, *more = returned if isinstance(returned, tuple) else (returned,)
    if not isinstance(model, BaseModel):
        return returned  # type: ignore[no-any-return]
    response = Response(model.model_dump_json(), mimetype="application/json")
    return (response, *more) if more else response


@api.get("/openapi.json")
def openapi_document() -> BaseResponse:
    """This document."""
    return current_app.json.response(document())


def document() -> dict[str, Any]:
    """Return the whole document; it is made once per application."""
    made: dict[str, Any] | None = current_app.extensions.get(EXTENSION)
    if made is None:
        made = current_app.extensions[EXTENSION] = _Document().made()
    return made


@dataclass
class _Document:
    """The document while it is being put together."""

    operations: list[tuple[Rule, Operation]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for rule in current_app.url_map.iter_rules():
            operation = getattr(current_app.view_functions[rule.endpoint], OPERATION, None)
            if operation is not None:
                self.operations.append((rule, operation))
        models = {model for _, operation in self.operations for model in operation.models}
        self.names, definitions = models_json_schema(
            [
                (model, "validation")
                for model in sorted(models | {Problem}, key=lambda m: m.__name__)
            ],
            ref_template=REFERENCE,
        )
        self.schemas: dict[str, Any] = definitions["$defs"]

    def made(self) -> dict[str, Any]:
        """Return the finished document."""
        paths: dict[str, Any] = {"/api/openapi.json": {"get": _own_operation()}}
        for rule, operation in self.operations:
            path = PATH_PARAMETER.sub(r"{\g<name>}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                described_operation = self._operation(rule, operation, writes=method != "GET")
                paths.setdefault(path, {})[method.lower()] = described_operation
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "TrackFlow",
                "version": "1",
                "description": "Everything the pages do, as JSON. Errors are"
                " application/problem+json.",
            },
            "tags": [{"name": tag} for tag in sorted({o.tag for _, o in self.operations})],
            "paths": dict(sorted(paths.items())),
            "components": {
                "schemas": self.schemas,
                "responses": openapi_errors.errors(REFERENCE.format(model=Problem.__name__)),
                "securitySchemes": _security_schemes(),
            },
        }

    def _operation(self, rule: Rule, operation: Operation, *, writes: bool) -> dict[str, Any]:
        parameters = [*_path_parameters(rule), *self._query_parameters(operation)]
        parameters += [IDEMPOTENCY_KEY] if writes else []
        made: dict[str, Any] = {
            "operationId": rule.endpoint.rpartition(".")[2],
            "tags": [operation.tag],
            "summary": operation.summary,
            "description": operation.description,
            "parameters": parameters,
            "security": [BY_TOKEN, BY_COOKIE_AND_CSRF_TOKEN if writes else BY_COOKIE],
            "responses": self._responses(rule, operation, writes=writes),
        }
        if operation.body is not None:
            made["requestBody"] = {"required": True, "content": self._content(operation.body)}
        if operation.file:
            made["requestBody"] = {"required": True, "content": _form_with(operation)}
        return made

    def _responses(self, rule: Rule, operation: Operation, *, writes: bool) -> dict[str, Any]:
        responses = {
            str(status): {
                "description": HTTPStatus(status).phrase,
                **({"content": self._content(model)} if model else {}),
            }
            for status, model in operation.results.items()
        }
        takes_input = operation.body is not None or operation.query is not None
        errors = openapi_errors.references(rule.rule, writes=writes, takes_input=takes_input)
        return responses | errors

    def _content(self, model: type[BaseModel]) -> dict[str, Any]:
        return {"application/json": {"schema": self.names[model, "validation"]}}

    def _query_parameters(self, operation: Operation) -> Iterator[dict[str, Any]]:
        if operation.query is None:
            return
        name = self.names[operation.query, "validation"]["$ref"].rpartition("/")[2]
        schema = self.schemas[name]
        for parameter, described_as in schema["properties"].items():
            is_required = parameter in schema.get("required", ())
            yield {
                "name": parameter,
                "in": "query",
                "required": is_required,
                "description": described_as.get("description", ""),
                "schema": described_as if is_required else _or_empty(described_as),
            }


def _or_empty(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a query parameter that may be empty, which is the same as absent."""
    has_choices = "enum" in schema or any("$ref" in each for each in schema.get("anyOf", ()))
    return {"anyOf": [schema, {"const": ""}]} if has_choices else schema


def _form_with(operation: Operation) -> dict[str, Any]:
    file: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
    schema = {"type": "array", "items": file} if operation.several else file
    form = {
        "type": "object",
        "properties": {operation.file: schema},
        "required": [operation.file],
    }
    return {"multipart/form-data": {"schema": form}}


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    for match in PATH_PARAMETER.finditer(rule.rule):
        schema = RECORD_ID if match["converter"] == "id" else {"type": "string"}
        if match["converter"] == "int":
            schema = {"type": "integer", "format": "int32"}
        yield {
            "name": match["name"],
            "in": "path",
            "required": True,
            "description": "",
            "schema": schema,
        }


def _security_schemes() -> dict[str, Any]:
    return {
        "bearerAuth": {"type": "http", "scheme": "bearer", "description": BEARER},
        "cookieAuth": {
            "type": "apiKey",
            "in": "cookie",
            "name": current_app.config["SESSION_COOKIE_NAME"],
        },
        "csrfToken": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    }


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
