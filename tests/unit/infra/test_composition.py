"""docker-compose.yml says what the settings, the native stack and the files beside it say."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.kafka_roles import Role
from connectors.settings import FROM_ELSEWHERE, Settings
from grafana.panels.target import PLUGIN_VERSION
from infra.docker import places
from infra.docker.__main__ import GENERATED
from infra.docker.build import files
from infra.native.credentials import secret_fields
from infra.native.layout import REPOSITORY, Layout
from infra.native.parts import chores_of, parts_of
from infra.native.prerequisites import POSTGRES_AT_LEAST, REDIS_AT_LEAST
from infra.native.tools import Tools, major_version
from tests.composition import (
    IMAGE,
    composition,
    jobs,
    modules_of,
    python_services,
    services,
    settings_of,
)
from tests.systemd_units import services as units_of_systemd

PLACES = {
    "PROMO_STATE_DIR": places.STATE,
    "PROMO_SECRETS_DIR": places.SECRETS,
    "PROMO_CACHE_DIR": "/tmp",
    "PROMO_POSTGRES_HOST": "postgres",
    "PROMO_POSTGRES_PORT": places.POSTGRES_PORT,
    "PROMO_POSTGRES_DATABASE": "promo",
    "PROMO_REDIS_HOST": "redis",
    "PROMO_REDIS_PORT": places.REDIS_PORT,
    "PROMO_KAFKA_HOST": "kafka",
    "PROMO_KAFKA_PORT": places.KAFKA_PORT,
    "PROMO_KAFKA_SECURITY": "sasl_plaintext",
    "PROMO_KAFKA_ACCESS": "true",
    "PROMO_KAFKA_ROLE": "operator",
    "PROMO_CONNECT_HOST": "connect",
    "PROMO_CONNECT_PORT": places.CONNECT_PORT,
    "PROMO_CONNECT_USER": "promo",
    "PROMO_CONNECT_SECRETS_DIR": places.CONNECT_SECRETS,
    "PROMO_CONNECT_TLS": "false",
    "PROMO_CLICKHOUSE_HOST": "clickhouse",
    "PROMO_CLICKHOUSE_PORT": places.CLICKHOUSE_PORT,
    "PROMO_CLICKHOUSE_DATABASE": places.CLICKHOUSE_DATABASE,
    "PROMO_CLICKHOUSE_USER": "promo",
    "PROMO_CLICKHOUSE_READER_USER": "promo_reader",
    "PROMO_API_HOST": "api",
    "PROMO_API_PORT": places.API_PORT,
    "PROMO_METRICS_HOST": "0.0.0.0",
    "PROMO_METRICS_PORT": 19100,
    "PROMO_WORKER_HOSTS": "scoring-0=scoring-0,scoring-1=scoring-1,warehouse=warehouse,"
    "reconciler=reconciler,monitor=monitor",
}
"""What a container cannot take from a user's .env, because the other containers rely on it."""

NATIVE_ALONE = {"PROMO_KAFKA_CONTROLLER_PORT", "PROMO_CONNECT_TLS_DIR", "PROMO_NOAAT_DIR"}
OF_CONTAINERS_ALONE = {"promo_postgres_superuser_password", "promo_grafana_admin_password"}
OF_GRAFANA_ALONE = {"PROMO_GRAFANA_DASHBOARDS_DIR"}
PUBLISHED = {"api", "grafana"}
ROLES = {
    "scoring-0": Role.SCORING,
    "scoring-1": Role.SCORING,
    "warehouse": Role.WAREHOUSE,
    "monitor": Role.MONITOR,
    "reconciler": Role.MONITOR,
    "api": Role.API,
}
"""As whom a service speaks to Kafka, where it is not the operator."""


def settings() -> Settings:
    """The defaults, whatever this machine's environment says."""
    return Settings(_env_file=None)


def variables() -> set[str]:
    """Every setting's environment variable."""
    return {f"PROMO_{name.upper()}" for name in Settings.model_fields}


@pytest.fixture
def native(tmp_path: Path) -> tuple[Settings, Layout, Tools]:
    (tmp_path / "cache").mkdir()
    return (
        settings(),
        Layout(tmp_path / "state", tmp_path / "cache"),
        Tools(java="java", postgres=Path("/"), redis="redis-server", maven="mvn"),
    )


def test_what_is_generated_is_what_would_be_generated() -> None:
    there = {
        str(path.relative_to(GENERATED)): path.read_text()
        for path in GENERATED.rglob("*")
        if path.is_file()
    }
    assert there == {str(name): text for name, text in files().items()}, "make containers"


@pytest.mark.parametrize("name", python_services())
def test_a_service_is_told_where_everything_is_and_nothing_that_no_setting_reads(
    name: str,
) -> None:
    told = settings_of(services()[name])
    expected = {key: str(value) for key, value in PLACES.items()}
    if name == "api":
        expected["PROMO_API_HOST"] = "0.0.0.0"
    if name in ROLES:
        expected["PROMO_KAFKA_ROLE"] = ROLES[name]
    assert told == expected
    assert set(told) <= variables()


def test_every_other_setting_comes_from_the_users_env_file() -> None:
    secrets = {f"PROMO_{name.upper()}" for name in (*secret_fields(), *FROM_ELSEWHERE)}
    others = variables() - set(PLACES) - secrets - NATIVE_ALONE
    for one in python_services().values():
        assert one["env_file"] == [{"path": ".env", "required": False}]
    # A host, port or folder of the machine would be wrong within a container.
    of_the_machine = re.compile(r"_(HOST|HOSTS|PORT|DIR)$")
    assert not {name for name in others if of_the_machine.search(name)}


def test_other_images_are_told_no_setting_that_differs() -> None:
    for name, one in services().items():
        if name in python_services():
            continue
        told = settings_of(one) if isinstance(one.get("environment"), dict) else {}
        for key in set(told) - OF_GRAFANA_ALONE:
            assert told[key] == str(PLACES[key]), (name, key)


def test_grafanas_files_are_told_all_that_they_name() -> None:
    provisioning = REPOSITORY / "grafana/generated/provisioning"
    named = {
        variable
        for path in provisioning.rglob("*.yaml")
        for variable in re.findall(r"\$(PROMO_\w+)", path.read_text())
    }
    assert named == set(settings_of(services()["grafana"]))


def test_secrets_are_those_of_the_settings_and_two_of_the_images() -> None:
    made = (REPOSITORY / "infra/docker/make-secrets.sh").read_text()
    expected = {f"promo_{name}" for name in secret_fields()} | OF_CONTAINERS_ALONE
    declared = composition()["secrets"]
    assert set(re.findall(r"^    (promo_\w+)", made, re.MULTILINE)) == expected
    assert {name: one["file"] for name, one in declared.items()} == {
        name: f".secrets/{name}" for name in expected
    }
    mounted = {secret for one in services().values() for secret in one.get("secrets", ())}
    assert mounted == expected


def test_made_secrets_are_random_private_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    script = str(REPOSITORY / "infra/docker/make-secrets.sh")
    subprocess.run([script, str(folder)], check=True, capture_output=True)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    subprocess.run([script, str(folder)], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == first
    assert set(first) == set(composition()["secrets"])
    assert len(set(first.values())) == len(first)
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", secret) for secret in first.values())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}


def test_every_path_that_is_mounted_or_built_from_exists() -> None:
    for name, one in services().items():
        for volume in one.get("volumes", ()):
            source, target, *options = volume.split(":")
            if source.startswith("."):
                assert (REPOSITORY / source).exists(), (name, source)
                assert options == ["ro"], (name, volume)
            else:
                assert source in composition()["volumes"], (name, source)
            assert target.startswith("/")
        if "build" in one:
            assert (REPOSITORY / one["build"]["dockerfile"]).is_file()


def test_commands_and_roles_are_those_of_the_native_stack(
    native: tuple[Settings, Layout, Tools],
) -> None:
    roles = {part.name: part.role for part in parts_of(*native) if part.role is not None}
    assert roles == {name: role for name, role in ROLES.items() if name in roles}
    modules = {
        part.name: re.findall(r"-m (\S+)", " ".join(part.command()))
        for part in parts_of(*native)
        if part.name.startswith(("scoring", "warehouse", "monitor", "reconciler", "api"))
    }
    for name, expected in modules.items():
        assert modules_of(services()[name]) == expected
    assert set(jobs()) == {chore.name for chore in chores_of(*native)}


def test_parts_and_their_needs_are_those_of_the_native_stack(
    native: tuple[Settings, Layout, Tools],
) -> None:
    needs = {part.name: part.needs for part in parts_of(*native)}
    needs |= {chore.name: chore.needs for chore in chores_of(*native)}
    for name, needed in needs.items():
        assert set(needed) <= _before(name), name


def _before(name: str) -> set[str]:
    """All that a container's start waits for, directly or not."""
    needed = set(services()[name].get("depends_on", ()))
    return needed.union(*(_before(one) for one in needed))


def test_who_waits_for_a_job_waits_for_its_end_and_every_job_is_waited_for() -> None:
    waited = set[str]()
    for one in services().values():
        for needed, how in one.get("depends_on", {}).items():
            is_job = needed in jobs()
            wanted = "service_completed_successfully" if is_job else "service_healthy"
            assert how["condition"] == wanted
            waited |= {needed} if is_job else set()
    # `docker compose up --wait` takes the end of a job that nobody waits for as a failure.
    assert waited == set(jobs())


@pytest.mark.parametrize("name", services())
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    one = services()[name]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(one)
    assert one["image"] == IMAGE or one["user"] not in ("root", "0"), "it would run as root"
    assert one["mem_limit"]
    assert one["logging"]["options"]["max-size"]
    assert "latest" not in one["image"]
    assert re.search(r":\d+\.\d+[\w.-]*$", one["image"]), "an exact version"


@pytest.mark.parametrize("name", services())
def test_what_stays_is_started_again_and_says_how_it_is(name: str) -> None:
    one = services()[name]
    by_hand = one.get("profiles") in (["tools"], ["demo"])
    stays = name not in jobs() and not by_hand
    assert one["restart"] == ("unless-stopped" if stays else "no" if by_hand else "on-failure:5")
    assert ("healthcheck" in one) == stays


def test_only_the_api_and_grafana_are_published_on_loopback() -> None:
    ports = {name: one["ports"] for name, one in services().items() if "ports" in one}
    assert set(ports) == PUBLISHED
    for (published,) in ports.values():
        assert published.startswith("${PUBLISH_ADDRESS:-127.0.0.1}:")
    assert composition()["networks"]["backend"] == {"internal": True}
    for name, one in services().items():
        assert one["networks"] == (["backend", "edge"] if name in PUBLISHED else ["backend"])


def test_health_is_asked_where_the_service_listens() -> None:
    s = settings()
    ports = {
        "scoring-0": s.scoring_metrics_port(0),
        "scoring-1": s.scoring_metrics_port(1),
        "warehouse": s.metrics_port,
        "monitor": s.monitor_metrics_port,
        "reconciler": s.reconciler_metrics_port,
        "api": places.API_PORT,
    }
    for name, port in ports.items():
        asked = services()[name]["healthcheck"]["test"]
        assert asked[:4] == ["CMD", "python", "-m", "infra.docker.health"]
        assert f"http://127.0.0.1:{port}/" in asked[4]


def _versions() -> Iterator[tuple[str, str, str]]:
    pom = (REPOSITORY / "infra/native/maven/pom.xml").read_text()
    lock = (REPOSITORY / "requirements-dev.lock").read_text()
    dockerfile = (REPOSITORY / "infra/docker/Dockerfile").read_text()
    kafka = re.search(r"<kafka.version>(.+)</kafka.version>", pom)
    debezium = re.search(r"<debezium.version>(.+)</debezium.version>", pom)
    python = re.search(r"ARG PYTHON=(3\.\d+)", dockerfile)
    assert kafka
    assert debezium
    assert python
    yield "kafka", services()["kafka"]["image"], f"apache/kafka:{kafka[1]}"
    yield "debezium", services()["connect"]["image"], f"quay.io/debezium/connect:{debezium[1]}"
    yield "python", f"# This file is autogenerated by pip-compile with Python {python[1]}", lock
    plugin = services()["grafana"]["environment"]["GF_PLUGINS_PREINSTALL_SYNC"]
    yield "plugin", plugin, f"grafana-clickhouse-datasource@{PLUGIN_VERSION}"


@pytest.mark.parametrize(("what", "said", "expected"), _versions(), ids=lambda text: text[:12])
def test_versions_are_those_of_the_native_stack(what: str, said: str, expected: str) -> None:
    assert said in expected or said == expected, what


@pytest.mark.parametrize(
    ("name", "least"), [("postgres", POSTGRES_AT_LEAST), ("redis", REDIS_AT_LEAST)]
)
def test_databases_are_new_enough(name: str, least: tuple[int, int]) -> None:
    assert major_version(services()[name]["image"].partition(":")[2]) >= least


def test_a_policy_of_least_secrets_holds() -> None:
    """No service is handed a secret that its code does not read."""
    databases = {
        "promo_postgres_superuser_password": {"postgres"},
        "promo_postgres_cdc_password": {"connect", "schema"},
        "promo_grafana_admin_password": {"grafana"},
        "promo_postgres_password": {"schema", "tools", "demo"},
        "promo_postgres_monitor_password": {"schema", "monitor"},
        "promo_postgres_eraser_password": {"schema", "api"},
        "promo_postgres_reconciler_password": {"schema", "reconciler", "tools", "demo"},
        "promo_api_key": {"api", "tools", "demo"},
        "promo_kafka_broker_password": {"kafka"},
        "promo_kafka_operator_password": {"kafka", "topics", "tools", "demo"},
        "promo_kafka_debezium_password": {"connect", "topics"},
        "promo_connect_password": {"connect", "connector", "monitor", "tools", "demo"},
    }
    for role in {*ROLES.values()}:
        services_of = {name for name, told in ROLES.items() if told is role}
        databases[f"promo_{role.secret}"] = {*services_of, "topics"}
    for secret, readers in databases.items():
        having = {name for name, one in services().items() if secret in one.get("secrets", ())}
        assert having == readers


def test_a_service_has_the_secrets_that_its_systemd_unit_has() -> None:
    """Each unit is run with its secrets alone, in tests/e2e/test_operations.py."""
    units = {
        unit.path.stem.removeprefix("promo-"): set(unit.secrets) for unit in units_of_systemd()
    }
    named = {"scoring-0": "scoring@", "scoring-1": "scoring@"}
    for name in set(python_services()) - {"tools", "demo"}:
        assert set(services()[name].get("secrets", ())) == units[named.get(name, name)], name


def test_the_compose_file_is_json_clean() -> None:
    """What YAML would read as dates, octals or booleans where text was meant, is not there."""
    json.dumps(composition())
    for one in python_services().values():
        assert all(isinstance(value, str) for value in one["environment"].values())
