"""Selection of tests, their databases, applications and users."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import BytecodeCache, FileSystemBytecodeCache

pytest.register_assert_rewrite("tests.support")

from tests.support.browsing import Browser
from tests.support.databases import (
    Databases,
    PostgreSQL,
    SQLite,
    close,
    folder_in_memory,
)
from tests.support.invariants import (
    assert_charting_weeks_follow_from_events,
    assert_collaborators_have_accepted,
    assert_feed_is_as_rebuilt,
    assert_nothing_forgotten,
    assert_nothing_refers_to_what_is_gone,
    assert_notifications_are_whole,
    assert_stored_holders_are_shown,
)
from tests.support.moving_clock import MovingClock, running_on
from tests.support.people import Person, add_person, working
from tests.support.postgresql import Server
from tests.support.settings import settings_for
from tests.support.sharing import Shared
from tests.support.times import times_by_folder
from trackflow_web import create_app
from trackflow_web.domain.people import passwords, row_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from flask import Flask
    from flask.testing import FlaskClient

# Tests that requirements.txt alone cannot run: they need other programs or requirements-dev.txt.
FOLDERS_FOR_ALL = {"browser", "properties"}
MARKERS_FOR_ALL = {"postgresql", "browser", "tools"}
LEFT_OUT = (
    "Left out: what needs PostgreSQL, a browser or the tools of requirements-dev.txt."
    " `make test` runs everything."
)


# --- Which tests run ---------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--all", action="store_true", help="run also what needs PostgreSQL, a browser or dev tools"
    )
    parser.addoption(
        "--stress",
        action="store_true",
        help="run what is too slow for every run, and more of what can be repeated",
    )
    parser.addoption(
        "--times", action="store_true", help="print how long the tests of each folder took"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    here = Path(__file__).parent
    if config.getoption("--all") or not collection_path.is_relative_to(here):
        return None
    parts = collection_path.relative_to(here).parts
    return True if parts and parts[0] in FOLDERS_FOR_ALL else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.relative_to(config.rootpath).parts:
            item.add_marker("browser")
    if not config.getoption("--all"):
        _deselect(config, items, lambda item: any(map(item.get_closest_marker, MARKERS_FOR_ALL)))
    stress = config.getoption("--stress")
    _deselect(config, items, lambda item: _is_for_stress(item) != stress and not _is_sized(item))
    _begin_with_the_longest(items)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays: modules, mappings and the tests themselves.

    Walking over these again and again took about a tenth of the processor's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)


def _begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Sort files with long tests to the front: at the end, one process would wait for another."""
    long = {item.path for item in items if _is_sized(item)}
    items.sort(key=lambda item: item.path not in long)


def _is_for_stress(item: pytest.Item) -> bool:
    return item.get_closest_marker("stress") is not None


def _is_sized(item: pytest.Item) -> bool:
    """Return whether a test runs always and, with larger numbers, under stress."""
    return "sized" in getattr(item, "fixturenames", ())


def _deselect(
    config: pytest.Config, items: list[pytest.Item], leave_out: Callable[[pytest.Item], bool]
) -> None:
    left_out = [item for item in items if leave_out(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if config.getoption("--times"):
        terminalreporter.section("where the time goes")
        for line in times_by_folder(terminalreporter):
            terminalreporter.write_line(line)
    if not config.getoption("--all"):
        terminalreporter.write_line(LEFT_OUT)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test of `both_databases` twice; the second time needs PostgreSQL."""
    marker = metafunc.definition.get_closest_marker("both_databases")
    if "database_kind" not in metafunc.fixturenames or not marker:
        return
    marks = [pytest.mark.postgresql]
    if marker.kwargs.get("postgresql") == "stress":
        marks.append(pytest.mark.stress)
    kinds = ["sqlite", pytest.param("postgresql", marks=marks)]
    metafunc.parametrize("database_kind", kinds, indirect=True)


@pytest.fixture(scope="session")
def sized(pytestconfig: pytest.Config) -> Callable[..., int]:
    """`sized(1_000, stress=10_000)`: the size in every run, and in `make stress`."""

    def size(usual: int, *, stress: int) -> int:
        return stress if pytestconfig.getoption("--stress") else usual

    return size


# --- A database and an application -------------------------------------------------------------


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`; the tests do not choose, their marker does."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLite]:
    """Files in memory where there is room: a commit waits for the disk, by some milliseconds."""
    if memory := folder_in_memory():
        with memory as folder:
            yield SQLite(Path(folder))
    else:
        yield SQLite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[PostgreSQL]:
    """One server for the session; each worker of a parallel run has its own."""
    databases = PostgreSQL(Server())
    yield databases
    databases.close()


@pytest.fixture
def databases(request: pytest.FixtureRequest, database_kind: str) -> Databases:
    """Creates databases of the test's kind: `databases.create()`, `.empty()`, `.drop(url)`."""
    return request.getfixturevalue(f"{database_kind}_databases")


@pytest.fixture(scope="session")
def sqlite_shared(sqlite_databases: SQLite) -> Iterator[Shared]:
    shared = Shared(sqlite_databases)
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def postgresql_shared(postgresql_databases: PostgreSQL) -> Iterator[Shared]:
    shared = Shared(postgresql_databases)
    yield shared
    shared.close()


@pytest.fixture
def shared(request: pytest.FixtureRequest, database_kind: str) -> Shared:
    """The database and the application that tests use one after the other."""
    return request.getfixturevalue(f"{database_kind}_shared")


@pytest.fixture
def database_url(shared: Shared) -> str:
    """A database in its initial state, with tables, catalogue and the user noise."""
    shared.reset()
    return shared.url


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates are compiled once for all applications."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def new_app(compiled_templates: BytecodeCache) -> Callable[..., Flask]:
    """`new_app(url, LIMIT_SIGN_IN="2/1 minute")`: an application that the caller closes."""

    def make(url: str, **settings: object) -> Flask:
        app = create_app(settings_for(url, **settings))
        passwords.use_cheap_hashes(cheap=True)  # also of an application as in production
        app.jinja_env.bytecode_cache = compiled_templates
        return app

    return make


@pytest.fixture
def make_app(database_url: str, new_app: Callable[..., Flask]) -> Iterator[Callable[..., Flask]]:
    """`make_app(LIMIT_SIGN_IN="2/1 minute")`: an application of the test's own on the database."""
    made = []

    def make(**settings: object) -> Flask:
        made.append(new_app(database_url, **settings))
        return made[-1]

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(
    request: pytest.FixtureRequest, database_url: str, shared: Shared, new_app: Callable[..., Flask]
) -> Flask:
    """The shared application, or one of the test's own where its database is."""
    if database_url != shared.url:
        return request.getfixturevalue("make_app")()
    return shared.application(new_app)


@pytest.fixture
def most(app: Flask) -> Iterator[Callable[..., None]]:
    """`most(MAX_SONGS=2)`: how many rows an account may have."""
    yield lambda **limits: row_limits.use(limits)
    row_limits.use(app.extensions["trackflow"].row_limits)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def work(app: Flask) -> Callable[[], AbstractContextManager[None]]:
    """`with work(): ...`: a unit of work, dispatched and committed at its end."""

    @contextmanager
    def unit() -> Iterator[None]:
        with working(app):
            yield

    return unit


@pytest.fixture
def clock() -> Iterator[MovingClock]:
    """The clock of `kernel.clock`, stopped at a Monday noon until `clock.move(days=1)`."""
    with running_on(MovingClock()) as moving:
        yield moving


@pytest.fixture(autouse=True)
def _nothing_forgotten(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test with an application: see tests/support/invariants.py."""
    if "app" not in request.fixturenames:
        yield
        return
    app = request.getfixturevalue("app")
    yield
    if not request.node.get_closest_marker("leaves_drift"):
        assert_nothing_forgotten(app)
        assert_collaborators_have_accepted(app)
        assert_feed_is_as_rebuilt(app)
        assert_stored_holders_are_shown(app)
        assert_charting_weeks_follow_from_events(app)
        assert_notifications_are_whole(app)
        assert_nothing_refers_to_what_is_gone(app)


# --- Users -------------------------------------------------------------------------------------


@pytest.fixture
def alice(app: Flask) -> Person:
    """Owns the objects of the tests."""
    return add_person(app, "alice")


@pytest.fixture
def bob(app: Flask) -> Person:
    """Helps Alice."""
    return add_person(app, "bob")


@pytest.fixture
def charlie(app: Flask) -> Person:
    """Must see nothing of what is Alice's."""
    return add_person(app, "charlie")


@pytest.fixture
def admin(app: Flask) -> Person:
    """Olga. (The name "admin" is reserved.)"""
    return add_person(app, "olga", is_admin=True)


@pytest.fixture
def stranger(app: Flask) -> Browser:
    """A browser without a session."""
    return Browser(app)


def _signed_in(app: Flask, person: Person) -> Browser:
    browser = Browser(app)
    browser.enter(person)
    return browser


@pytest.fixture
def as_alice(app: Flask, alice: Person) -> Browser:
    return _signed_in(app, alice)


@pytest.fixture
def as_bob(app: Flask, bob: Person) -> Browser:
    return _signed_in(app, bob)


@pytest.fixture
def as_charlie(app: Flask, charlie: Person) -> Browser:
    return _signed_in(app, charlie)


@pytest.fixture
def as_admin(app: Flask, admin: Person) -> Browser:
    return _signed_in(app, admin)
