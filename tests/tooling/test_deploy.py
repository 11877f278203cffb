"""Deployment files and documentation match the application."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.web_server import ROOT, environment
from trackflow_web.config import Config

SETTING = re.compile(r"`([A-Z][A-Z_]+)`")


class Environ(dict):
    """An environment that records which names were read."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


@pytest.fixture
def settings(tmp_path):
    """The names of all settings."""
    environ = Environ()
    Config.from_environment(environ, tmp_path)
    return environ.asked


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def first_column(text):
    """The settings named in the first column of tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in SETTING.findall(row)}


def test_the_readme_documents_exactly_the_existing_settings(settings):
    assert first_column(read("README.md")) == settings


def test_the_settings_that_matter_in_production_exist(settings):
    section = read("docs/deploy.md").partition("## Settings")[2].partition("## nginx")[0]
    named = first_column(section)
    assert {"SECRET_KEY", "TRUSTED_PROXIES", "METRICS_TOKEN"} <= named <= settings


# --- the image ---------------------------------------------------------------------------------


def instructions(name):
    """The arguments of each instruction of this name in the Dockerfile."""
    lines = read("Dockerfile").replace("\\\n", " ").splitlines()
    return [line.partition(" ")[2].strip() for line in lines if line.startswith(f"{name} ")]


def test_the_base_image_is_pinned_to_a_version():
    for base in instructions("FROM"):
        assert re.match(r"python:\d+\.\d+\.\d+-slim-", base), base


def test_the_image_runs_as_an_unprivileged_user_without_a_compiler():
    text = read("Dockerfile")
    assert instructions("USER") == ["trackflow"]
    assert text.index("\nUSER ") < text.index("\nCMD ")
    assert "gcc" not in text
    assert "build-essential" not in text


def test_copied_files_exist_and_are_not_ignored():
    ignored = read(".dockerignore").splitlines()
    copied = [line.split() for line in instructions("COPY") if not line.startswith("--")]
    sources = {source for words in copied for source in words[:-1]}
    assert {"wsgi.py", "trackflow_web", "templates", "static", "migrations"} <= sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source


def test_the_image_uses_valid_gunicorn_options(database_url, tmp_path):
    program, *arguments = json.loads(instructions("CMD")[-1])
    assert program == "gunicorn"
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--check-config", *arguments],
        cwd=ROOT,
        env=environment(database_url, INSTANCE_PATH=tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# --- the composition ---------------------------------------------------------------------------


@pytest.fixture
def compose():
    yaml = importlib.import_module("yaml")
    return yaml.safe_load(read("compose.yaml"))


@pytest.mark.tools
def test_compose_has_every_service(compose):
    assert set(compose["services"]) == {"database", "migrate", "web1", "web2", "jobs", "nginx"}
    for name, service in compose["services"].items():
        assert "restart" in service, name
        image = service["image"]
        assert image == "trackflow" or re.search(r":\d+\.\d+", image), image


@pytest.mark.tools
def test_compose_uses_existing_settings(compose, settings):
    for name in ("migrate", "web1", "web2", "jobs"):
        given = compose["services"][name]["environment"]
        assert set(given) <= settings
        assert given["JOBS"] == "worker"
    hosts = compose["services"]["web1"]["environment"]["TRUSTED_HOSTS"].split()
    assert {"127.0.0.1", "web1", "web2"} <= set(hosts)


@pytest.mark.tools
def test_services_start_after_the_migration(compose):
    services = compose["services"]
    done = {"migrate": {"condition": "service_completed_successfully"}}
    assert [services[name]["depends_on"] for name in ("web1", "web2", "jobs")] == [done] * 3
    assert services["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["migrate"]["restart"] == "no"
    for name in services["nginx"]["depends_on"]:
        assert services["nginx"]["depends_on"][name]["condition"] == "service_healthy"


@pytest.mark.tools
def test_compose_sets_the_variables_of_the_nginx_template(compose):
    nginx = compose["services"]["nginx"]
    asked = set(re.findall(r"\$\{(\w+)\}", read("deploy/nginx.conf.template")))
    assert asked == {name for name in nginx["environment"] if name.startswith("TRACKFLOW_")}
    source = nginx["volumes"][0].partition(":")[0]
    assert Path(ROOT / source).is_file()
    port = nginx["environment"]["TRACKFLOW_LISTEN"]
    assert nginx["ports"] == [f"{port}:{port}"]


@pytest.mark.tools
def test_compose_contains_no_secret(compose):
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if name.endswith(("KEY", "PASSWORD", "SECRET", "TOKEN")):
                assert value.startswith("${"), name
