"""What the API's own document says of its bodies and queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask import Flask

Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """An endpoint as documented: `path` is an address, `body` a schema or empty."""

    method: str
    path: str
    queries: tuple[str, ...]
    body: Json = field(default_factory=dict)

    @property
    def properties(self) -> Json:
        """The schemas of the fields of the body, by their names."""
        return dict(self.body.get("properties", {}))

    def usual_body(self) -> Json:
        """Return something for every required field, so that another field is looked at."""
        return {name: usual_value(self.properties[name]) for name in self.body.get("required", [])}


def operations(app: Flask, values: Mapping[str, object]) -> Iterator[Operation]:
    """Yield every documented operation; `values` fill the arguments of addresses by name."""
    document = app.test_client().get("/api/openapi.json").get_json()
    for pattern, methods in document["paths"].items():
        item_id = values["bug_id" if "/bugs/" in pattern else "feature_id"]
        path = pattern.format(**{**values, "item_id": item_id})
        for method, operation in methods.items():
            named = operation.get("parameters", [])
            queries = tuple(each["name"] for each in named if each["in"] == "query")
            yield Operation(method.upper(), path, queries, _body_schema(document, operation))


def usual_value(schema: Json) -> object:
    """Return a value that fits a schema of a field."""
    if "enum" in schema:
        return schema["enum"][0]
    return {"integer": 1, "boolean": True, "array": ["One"]}.get(schema.get("type"), "One")


def _body_schema(document: Json, operation: Json) -> Json:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    if "$ref" not in schema:
        return schema
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
