"""Compose's own schema, another implementation of Compose, and linters read our files."""

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.native.layout import REPOSITORY
from tests.composition import FILE, composition, services
from tests.npm import node_modules

SCHEMA = Path(__file__).parents[1] / "compose_schema"
DOCKERFILE = REPOSITORY / "infra/docker/Dockerfile"
BIN = Path(sys.executable).parent
TIMEOUT_S = 60

needs_node = pytest.mark.skipif(
    shutil.which("npm") is None, reason="Node is not installed: Compose's schema is not checked"
)


class _Plain(yaml.SafeDumper):  # type: ignore[misc]
    """Writes everything where it belongs: the linter takes many aliases for an attack."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The compose file in a folder of its own, and a container engine that has but a version.

    Reading a file needs no engine; this implementation asks for one's version all the same.
    """
    shutil.copy(FILE, tmp_path)
    engine = tmp_path / "bin" / "podman"
    engine.parent.mkdir()
    engine.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "podman version 5.0.0"\n')
    engine.chmod(0o755)
    return tmp_path


def read(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    """The project as podman-compose understands it: merged and interpolated.

    Args:
        folder: where docker-compose.yml lies.
        arguments: before ``config``, such as further files and profiles.
        environment: what it finds there.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PROMO_", "PUBLISH_"))}
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(BIN / "podman-compose"), *arguments, "config"],
        cwd=folder,
        env={**clean, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)
    return found


def complaints(document: Mapping[str, Any], folder: Path) -> str:
    """What Compose's schema and its linter find wrong; empty when nothing is."""
    file = folder / "checked.yml"
    file.write_text(yaml.dump(dict(document), Dumper=_Plain, sort_keys=False))
    linter = node_modules(SCHEMA) / ".bin" / "dclint"
    done = subprocess.run(
        [str(linter), "--color=false", "--config", str(SCHEMA / ".dclintrc.yaml"), str(file)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    return (done.stdout + done.stderr).strip()


@needs_node
def test_what_another_implementation_reads_fits_the_schema(folder: Path) -> None:
    assert complaints(read(folder), folder) == ""


def _change(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *steps, last = path
        place = document["services"]
        for step in steps:
            place = place[step]
        place[last] = to

    return change


@needs_node
@pytest.mark.parametrize(
    "slip",
    [
        _change("kafka", "helthcheck", to={"test": "true"}),
        _change("kafka", "restart", to=["always"]),
        _change("kafka", "healthcheck", "retries", to={"many": 1}),
        _change("api", "depends_on", "redis", "condition", to="service_well"),
        _change("api", "ports", to=["8000:8000"]),
        _change("redis", "read_only", to=["yes"]),
    ],
)
def test_a_slip_would_be_found(slip: Callable[[dict[str, Any]], None], folder: Path) -> None:
    document = copy.deepcopy(read(folder))
    slip(document)
    assert complaints(document, folder) != ""


def test_another_implementation_reads_what_we_read(folder: Path) -> None:
    """YAML's merges mean the same to both; nothing but interpolation differs."""
    merged = read(folder)["services"]
    assert set(merged) >= {name for name, one in services().items() if "profiles" not in one}
    for name, one in merged.items():
        ours = services()[name]
        assert one.get("environment") == ours.get("environment")
        assert one.get("secrets", []) == ours.get("secrets", [])
        assert set(one.get("depends_on", ())) == set(ours.get("depends_on", ()))
        assert one["mem_limit"] == ours["mem_limit"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ("127.0.0.1:8000:8000", "127.0.0.1:3000:3000")),
        (
            {"PUBLISH_ADDRESS": "10.0.0.5", "PUBLISH_API_PORT": "80"},
            ("10.0.0.5:80:8000", "10.0.0.5:3000:3000"),
        ),
    ],
)
def test_where_things_are_published_is_the_users_choice(
    folder: Path, environment: dict[str, str], expected: tuple[str, str]
) -> None:
    merged = read(folder, **environment)["services"]
    assert (*merged["api"]["ports"], *merged["grafana"]["ports"]) == expected


def test_an_env_file_moves_ports_too(folder: Path) -> None:
    (folder / ".env").write_text("PUBLISH_GRAFANA_PORT=3300\n")
    assert read(folder)["services"]["grafana"]["ports"] == ["127.0.0.1:3300:3000"]


def test_nothing_else_is_interpolated_and_shells_get_their_dollars() -> None:
    text = FILE.read_text()
    names = {part.split(":-")[0] for part in text.replace("$$", "").split("${")[1:]}
    assert names == {"PUBLISH_ADDRESS", "PUBLISH_API_PORT", "PUBLISH_GRAFANA_PORT"}
    assert text.replace("$$", "").count("$") == text.count("${")


def test_a_second_file_is_merged_over_the_first(folder: Path) -> None:
    """How docs/deployment.md has a user change a limit."""
    (folder / "more.yml").write_text("services: {clickhouse: {mem_limit: 12g}}\n")
    merged = read(folder, "-f", "docker-compose.yml", "-f", "more.yml")["services"]["clickhouse"]
    assert merged["mem_limit"] == "12g"
    assert merged["image"] == composition()["services"]["clickhouse"]["image"]


@pytest.mark.parametrize(
    ("profile", "more"),
    [("demo", {"demo"}), ("tools", {"tools"}), ("second-scoring", {"scoring-1"})],
)
def test_a_profile_brings_its_service(folder: Path, profile: str, more: set[str]) -> None:
    usual = {name for name, one in services().items() if "profiles" not in one}
    chosen = read(folder, "--profile", profile)["services"]
    assert {
        n for n, one in chosen.items() if not one.get("profiles") or profile in one["profiles"]
    } == usual | more


def lint(dockerfile: Path) -> str:
    """What hadolint says of a Dockerfile."""
    done = subprocess.run(
        [str(BIN / "hadolint"), "--no-color", str(dockerfile)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    return (done.stdout + done.stderr).strip()


def test_the_dockerfile_has_nothing_that_a_linter_would_say(tmp_path: Path) -> None:
    assert lint(DOCKERFILE) == ""
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.read_text().replace("USER 10001:10001", "USER root"))
    assert "DL3002" in lint(wrong)
