"""A setting that is not understood stops the start with a sentence that names it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from trackflow_web import create_app
from trackflow_web.config import Config, ConfigError

LONG = "a key of more than thirty-two letters"


@pytest.fixture
def read(tmp_path):
    """The configuration that an environment makes."""

    def read(**environ):
        return Config.from_environment(environ, tmp_path)

    return read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://localhost/trackflow"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("TRACKFLOW_ENV", "prod"),
        ("TRUSTED_PROXIES", "many"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "١"),
        ("LIMIT_SIGN_IN", "often"),
        ("LIMIT_SIGN_IN_ALL", "10"),
        ("LIMIT_REGISTER", "10/5 fortnights"),
        ("LIMIT_FEEDBACK", "-1/1 day"),
        ("LIMIT_SIGN_IN", "0/1 minute"),
        ("PASSWORD_COST", "free"),
        ("FAULTS", "/no/such/folder"),
        ("DATABASE_CONNECTIONS", "0"),  # would mean any number
        ("DATABASE_CONNECTIONS_MORE", "some"),
        ("DATABASE_CONNECTIONS", "9" * 5_000),
        ("DATABASE_URL", "postgresql://host:port/trackflow"),
        ("DATABASE_POOLER", "session"),
        ("DATABASE_POOLER", "transaction"),  # in front of an SQLite file
        ("DATABASE_DIRECT_URL", "sqlite:////tmp/x"),
        ("DATABASE_DIRECT_URL", "nonsense"),
        ("DATABASE_REPLICA_URL", "sqlite:////tmp/x"),
        ("DATABASE_REPLICA_URL", "postgresql://h/d"),  # of an SQLite file
        ("DATABASE_URL", "sqlite:////no/such/folder/trackflow.sqlite3"),
        ("INSTANCE_PATH", "/proc/no/such/folder"),
        ("LIMIT_COMMENTS", "1/100000 years"),
        ("LIMIT_INVITATIONS", "1/1 hour; often"),
        ("METRICS_TOKEN", "too short"),
        ("METRICS_TOKEN", "é" * 20),
        ("TRUSTED_HOSTS", "*"),
        ("TRUSTED_HOSTS", "trackflow.example *.example"),
        ("TRUSTED_HOSTS", "https://trackflow.example"),
        ("SPOTIFY_REDIRECT_URI", "javascript:1"),
        ("SPOTIFY_REDIRECT_URI", "https://"),
        ("SPOTIFY_API_BASE", "https://host:port/"),
        ("SPOTIFY_ACCOUNTS_BASE", "ftp://host/"),
        ("SITE_URL", "https://host:port"),
        ("SITE_URL", "https://trackflow.example\nX: y"),
        ("SITE_URL", 'https://trackflow.example"onload'),
        ("SITE_URL", "https://track flow.example"),
        ("MAIL_URL", "smtp://host:port"),
        ("MAIL_URL", "smtp://user:password@some host"),
        ("MAIL_FROM", "TrackFlow <no-reply@>"),
        ("MAIL_FROM", "@trackflow.example"),
        ("TOKEN_KEY", "short"),
        ("HSTS_EXTRA", "everywhere"),
        ("JOBS", "elsewhere"),
        ("LIVE_STREAMS", "1001"),
        ("LIVE_STREAMS", "many"),
        ("SECURITY_LOG", "/"),
        ("SECURITY_LOG", "/no/such/folder/security.log"),
    ],
)
@pytest.mark.fault("E2")
def test_invalid_settings_are_reported_by_name(read, name, value):
    with pytest.raises(ConfigError, match=name):
        read(**{name: value})


@pytest.mark.parametrize("key", ["", "short", "changeme", "development", "x" * 31])
def test_production_requires_a_secret_key(read, key):
    with pytest.raises(ConfigError, match="SECRET_KEY"):
        read(TRACKFLOW_ENV="production", SECRET_KEY=key)


@pytest.mark.fault("E1")
def test_production_rejects_a_well_known_metrics_token(read):
    known = "changeme-changeme"
    with pytest.raises(ConfigError, match="METRICS_TOKEN"):
        read(TRACKFLOW_ENV="production", SECRET_KEY=LONG, METRICS_TOKEN=known)
    assert read(METRICS_TOKEN=known).metrics_token == known


@pytest.mark.parametrize("name", ["SECRET_KEY_FALLBACKS", "TOKEN_KEY", "TOKEN_KEY_FALLBACKS"])
@pytest.mark.parametrize("key", ["dev", "x" * 31, "changeme-changeme-changeme-changeme"])
@pytest.mark.fault("E1")
def test_production_rejects_well_known_additional_keys(read, name, key):
    with pytest.raises(ConfigError, match=name):
        read(TRACKFLOW_ENV="production", SECRET_KEY=LONG, **{name: key})


@pytest.mark.fault("E1")
def test_production_rejects_cheap_password_hashing(read):
    with pytest.raises(ConfigError, match="PASSWORD_COST"):
        read(TRACKFLOW_ENV="production", SECRET_KEY=LONG, PASSWORD_COST="cheap")


def test_production_rejects_failpoints(read, tmp_path):
    with pytest.raises(ConfigError, match="FAULTS"):
        read(TRACKFLOW_ENV="production", SECRET_KEY=LONG, FAULTS=str(tmp_path))


def test_production_with_a_key_starts(read):
    config = read(TRACKFLOW_ENV="production", SECRET_KEY=LONG)
    assert config.production
    assert config.secret_key == LONG


def test_an_invalid_setting_aborts_startup_with_a_message():
    with pytest.raises(SystemExit, match="TrackFlow cannot start: LIMIT_REGISTER is 'often'"):
        create_app(
            {"SECRET_KEY": LONG, "DATABASE_URL": "sqlite:////tmp/x", "LIMIT_REGISTER": "often"}
        )


def test_defaults_use_an_sqlite_file_and_a_persistent_key(read, tmp_path):
    config = read()
    assert config.database_url == f"sqlite:///{tmp_path}/instance/trackflow.sqlite3"
    assert len(config.secret_key) == 64
    assert read().secret_key == config.secret_key


def test_processes_that_start_at_once_agree_on_the_key(read):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _number: read().secret_key, range(8)))
    assert len(keys) == 1


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_postgresql_scheme_is_accepted(read, name):
    assert (
        read(DATABASE_URL=f"{name}://u:p%40@h/d").database_url == "postgresql+psycopg://u:p%40@h/d"
    )


def test_event_streams_need_a_way_past_the_pooler(read):
    pooled = {"DATABASE_URL": "postgresql://h/d", "DATABASE_POOLER": "transaction"}
    with pytest.raises(ConfigError, match="DATABASE_DIRECT_URL"):
        read(LIVE_STREAMS="1", **pooled)
    config = read(LIVE_STREAMS="1", DATABASE_DIRECT_URL="postgres://h2/d", **pooled)
    assert config.database_direct_url == "postgresql+psycopg://h2/d"
    assert config.is_pooled


def test_rate_limits_are_parsed(read):
    limit = read(LIMIT_SIGN_IN="500/2 hours").limit_sign_in
    assert (limit.amount, limit.get_expiry()) == (500, 7200)


def test_lists_may_be_written_with_commas_or_spaces(read):
    config = read(TRUSTED_HOSTS="a.example, b.example c.example")
    assert config.trusted_hosts == ("a.example", "b.example", "c.example")
