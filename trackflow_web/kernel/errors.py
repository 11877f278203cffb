"""The errors that the domain raises and that pages and API translate into responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class DomainError(Exception):
    """An error with a message that may be shown to the user."""


class Invalid(DomainError):
    """Input that cannot be accepted; `errors` maps a field's name to a sentence about it."""

    def __init__(self, **errors: str) -> None:
        super().__init__("; ".join(f"{field}: {text}" for field, text in errors.items()))
        self.errors = errors


class Duplicate(Invalid):
    """The object already exists; `existing_id` is its id."""

    def __init__(self, existing_id: int, **errors: str) -> None:
        super().__init__(**errors)
        self.existing_id = existing_id


class NotFound(DomainError):
    """The object does not exist, or the caller must not learn that it does."""


class SignedOut(DomainError):
    """The account of the caller was deleted during the request."""


class Forbidden(DomainError):
    """The caller may see the object, but not do this with it."""


class TooMany(DomainError):
    """A limit was reached; `retry_after` is in whole seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Checks:
    """Collects the errors of one form, so that all are reported at once.

    >>> check = Checks()
    >>> title = check(text.line, title, "title", longest=200)
    >>> year = check(text.whole_number, year, "year", least=1000, most=2100)
    >>> check.finish()
    """

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def __call__(self, rule: Callable[..., T], *arguments: object, **options: object) -> T:
        """Return the value of a rule; store its error for `finish`."""
        try:
            return rule(*arguments, **options)
        except Invalid as refusal:
            self.errors |= refusal.errors
            return cast("T", None)

    def finish(self) -> None:
        """Raise Invalid with all errors, if there are any."""
        if self.errors:
            raise Invalid(**self.errors)
