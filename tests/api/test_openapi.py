"""The OpenAPI document describes every URL of the API and no other."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def document(client):
    return client.get("/api/openapi.json").json


def _addresses(app):
    return {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def _operations(document):
    return {
        (path, method): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _references(part):
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    if isinstance(part, list):
        for child in part:
            yield from _references(child)


def test_the_document_is_public_and_cacheable(client, as_alice):
    answer = client.get("/api/openapi.json")

    assert answer.json["openapi"].startswith("3.1")
    assert answer.headers["Cache-Control"].startswith("public")
    assert as_alice.get("/api/openapi.json").headers["Cache-Control"].startswith("public")


def test_the_document_describes_every_api_url_and_no_other(app, document):
    assert set(_operations(document)) == _addresses(app)


def test_every_reference_resolves(document):
    named = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses")
        for name in document["components"][kind]
    }

    assert set(_references(document)) <= named


def test_every_list_is_returned_in_parts(subtests, document):
    for (path, method), operation in _operations(document).items():
        content = operation["responses"].get("200", {}).get("content", {})
        name = content.get("application/json", {}).get("schema", {}).get("$ref", "")
        result = document["components"]["schemas"].get(name.rpartition("/")[2], {})
        if method == "get" and "next" in result.get("properties", {}):
            with subtests.test(path=path):
                named = {parameter["name"] for parameter in operation["parameters"]}
                assert {"limit", "cursor"} <= named


def test_every_operation_has_an_id_and_a_summary(document):
    operations = _operations(document).values()

    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"].endswith(".") for operation in operations)


def test_every_operation_but_the_document_requires_authentication(document):
    schemes = set(document["components"]["securitySchemes"])
    assert {"bearerAuth", "cookieAuth"} <= schemes
    for (path, method), operation in _operations(document).items():
        if path == "/api/openapi.json":
            assert operation["security"] == []
            continue
        assert [set(way) for way in operation["security"]] == [
            {"bearerAuth"},
            {"cookieAuth", "csrfToken"} if method != "get" else {"cookieAuth"},
        ]


def test_every_error_is_a_problem(document):
    for operation in _operations(document).values():
        for status, response in operation["responses"].items():
            name = response.get("$ref", "").rpartition("/")[2]
            answer = document["components"]["responses"][name] if name else response
            if status == "204":
                assert "content" not in answer
                continue
            wanted = "application/json" if status[0] == "2" else "application/problem+json"
            assert list(answer["content"]) == [wanted]


def test_every_path_parameter_has_a_schema(document):
    for operation in _operations(document).values():
        assert all(parameter["schema"] for parameter in operation.get("parameters", []))


def test_the_choices_of_a_field_that_may_be_null_have_null(document):
    bodies = (operation.get("requestBody") for operation in _operations(document).values())
    names = {reference.rpartition("/")[2] for body in bodies for reference in _references(body)}
    schemas = document["components"]["schemas"]
    choices = [
        field["enum"]
        for name in names
        for field in schemas[name].get("properties", {}).values()
        if "enum" in field and {"type": "null"} in field.get("anyOf", ())
    ]
    assert choices
    assert all(None in each for each in choices)


def test_a_filter_may_be_empty(document):
    filters = [
        each["schema"]
        for operation in _operations(document).values()
        for each in operation.get("parameters", ())
        if each["in"] == "query"
        and ("enum" in str(each["schema"]) or "$ref" in str(each["schema"]))
    ]
    assert len(filters) >= 4
    assert all({"const": ""} in schema["anyOf"] for schema in filters)


def test_no_viewer_page_is_served(app):
    assert not [rule for rule in app.url_map.iter_rules() if "apidoc" in rule.rule]
