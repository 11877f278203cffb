"""Types of events: features declare them, the kernel checks and stores their payloads.

An event type is a class. Its fields are the payload: checked when an event is made, stored as JSON
in `activities.data`, and read back as an object of the same class. A field added later needs a
default, because stored rows do not have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_NAME = 40
LONGEST_SUBJECT_TYPE = 20


class Payload:
    """The payload of an event: its fields beside user, actor, time and subject.

    An event whose type is no longer declared has a payload of this base class.
    """

    # Stored with every event; it stays when the class is renamed.
    event_name: ClassVar[str] = ""
    # The subject types of events of this type.
    subject_types: ClassVar[tuple[str, ...]] = ()
    # Field names by what they were called in rows that are stored already.
    former_names: ClassVar[Mapping[str, str]] = {}


EventType = type[Payload]
P = TypeVar("P", bound=Payload)
T = TypeVar("T")

_STRICT = ConfigDict(strict=True, extra="forbid")
_types: dict[str, EventType] = {}
_adapters: dict[EventType, TypeAdapter[Any]] = {}
_fields: dict[EventType, frozenset[str]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def payload_fields(cls: type[T]) -> type[T]:
    """Declare a class whose fields several event types share, or one used inside a payload."""
    made = dataclass(frozen=True, kw_only=True, config=_STRICT)(cls)
    return cast("type[T]", made)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event_type(
    name: str, *subject_types: str, former_names: Mapping[str, str] | None = None
) -> Callable[[type[P]], type[P]]:
    """Declare a class as the type of the events stored under `name`.

    The class becomes a frozen dataclass that raises pydantic's ValidationError for a value that its
    field does not allow.
    """

    def declare(cls: type[P]) -> type[P]:
        if name in _types or len(name) > LONGEST_NAME:
            message = f"an event cannot be declared as {name!r}: taken or too long"
            raise ValueError(message)
        cls.event_name = name
        cls.subject_types = subject_types
        cls.former_names = former_names or {}
        made = payload_fields(cls)
        _types[name] = made
        _adapters[made] = TypeAdapter(made)
        _fields[made] = frozenset(field.name for field in fields(cast("Any", made)))
        return made

    return declare


def declared() -> Iterable[EventType]:
    """Return all event types that are declared, in the order in which they were."""
    return _types.values()


def find_type(name: str) -> EventType | None:
    """Return the event type of this name; None when it is not declared (any more)."""
    return _types.get(name)


def encode(payload: Payload) -> dict[str, Any]:
    """Return a payload as plain JSON values, field by field."""
    data: dict[str, Any] = _adapters[type(payload)].dump_python(payload, mode="json")
    return data


def decode(name: str, data: Mapping[str, Any]) -> Payload:
    """Return a stored payload as an object of its event type.

    Unknown fields are left out, missing ones take their defaults. Raises ValidationError when a
    field without a default is missing.
    """
    cls = find_type(name)
    if cls is None:
        return Payload()
    renamed = {cls.former_names.get(field, field): value for field, value in data.items()}
    known = {field: value for field, value in renamed.items() if field in _fields[cls]}
    payload: Payload = _adapters[cls].validate_python(known, strict=False)
    return payload
