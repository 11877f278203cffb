"""The API by its OpenAPI document: schemathesis generates the requests."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from tests.fuzz.world import LAST, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemathesis import APIOperation, Case

    from tests.fuzz.world import Tally
    from tests.support.databases import Databases

    Cases = st.SearchStrategy[Case]

# Excluded: `positive_data_acceptance`, because a document cannot express that a title is taken;
# `object_level_authorization`, which needs two users and has a table of its own here.
NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
)
# A world grows slow with what is put into it.
MOST_IN_ONE_WORLD = 1_000
LONGEST_MESSAGE = 300


def run(databases: Databases, tally: Tally, *, requests: int, first_seed: int) -> None:
    """Send this many valid and invalid requests."""
    number, left = first_seed, requests
    while left > 0:
        world = World(databases, tally)
        try:
            _round(world, tally, min(left, MOST_IN_ONE_WORLD), number)
        finally:
            world.end()
        left -= MOST_IN_ONE_WORLD
        number += 1


def _round(world: World, tally: Tally, examples: int, number: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", world.app)
    operations = [found.ok() for found in schema.get_all_operations()]
    ways = [way for each in operations for way in _ways(each, world) for _ in range(_weight(each))]
    seed(number)(
        settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(given(st.sampled_from(ways).flatmap(lambda way: way()))(_asking(world, tally)))
    )()


def _weight(operation: APIOperation) -> int:
    if operation.path.endswith(LAST):
        return 1
    return 20 if operation.method == "post" else 5


def _ways(operation: APIOperation, world: World) -> Iterator[Callable[[], Cases]]:
    """Fitting the document and not; about what is there and about anything."""
    names = {parameter.name for parameter in operation.path_parameters}
    there = {name: _value(operation, name, world) for name in names}
    for path_parameters in ({"path_parameters": there}, {}) if names else ({},):
        for mode in GenerationMode:
            # Made when it is first drawn: this takes longer than the request itself.
            yield cache(partial(operation.as_strategy, generation_mode=mode, **path_parameters))


def _value(operation: APIOperation, name: str, world: World) -> object:
    if name == "item_id":
        return world.values["bug_id" if "/bugs/" in operation.path else "feature_id"]
    return world.values[name]


def _asking(world: World, tally: Tally) -> Callable[[Case], None]:
    # Calls of the application without a server are not decompressed.
    headers = {"Authorization": f"Bearer {world.token}", "Accept-Encoding": "identity"}
    checks = [CHECKS.get_one(name) for name in NAMES]

    def ask(case: Case) -> None:
        tally.requests += 1
        answer = case.call(headers=headers)
        try:
            case.validate_response(answer, checks=checks, headers=headers)
        except* AssertionError as failures:
            for failure in failures.exceptions:
                what = " ".join(f"{case.operation.label}: {failure}".split())
                # Lengths count without white space at the ends, which no document can express.
                if "violates `maxLength`" not in what:
                    tally.failures[what[:LONGEST_MESSAGE]] += 1

    return ask
