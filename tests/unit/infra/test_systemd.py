"""The systemd units: well-formed, hardened, and about programs and settings that there are."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from connectors.debezium.register import connector_config
from connectors.settings import Settings
from infra.native.credentials import secret_fields
from infra.native.layout import REPOSITORY
from tests.systemd_units import COMMON, CONFIGURED, FOLDER, INSTALLED, Unit, read_unit, services

SERVICES = services()
MOST_EXPOSED = 20
"""Tenths of `systemd-analyze security`'s figure: below 2.0 is what it calls OK."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they are installed, with this repository's programs."""
    folder = tmp_path / "units"
    shutil.copytree(FOLDER, folder)
    # The interpreter of the tests: a clone's environment may lie elsewhere.
    program = f"{INSTALLED}/.venv/bin/python"
    for path in folder.glob("*.service"):
        path.write_text(path.read_text().replace(program, sys.executable))
    return folder


@needs_systemd
def test_systemd_finds_nothing_wrong_with_any_unit(installed: Path) -> None:
    names = [unit.path.name.replace("@.", f"@{unit.instance}.") for unit in SERVICES]
    done = _analyze(installed, "verify", "--man=no", "promo-sentinel.target", *names)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.path.name)
def test_no_service_may_do_more_than_it_must(installed: Path, unit: Unit) -> None:
    path = installed / unit.path.name
    options = ("--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
    done = _analyze(installed, "security", *options, str(path))
    assert done.returncode == 0, done.stdout


def _analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"}
    return subprocess.run(
        ["systemd-analyze", *arguments], env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.path.name)
def test_a_service_runs_a_module_that_there_is(unit: Unit) -> None:
    program, flag, module, *_ = unit.command
    assert (program, flag) == (f"{INSTALLED}/.venv/bin/python", "-m")
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    if spec.submodule_search_locations is not None:  # a package is run by its __main__
        assert find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.path.name)
def test_a_service_names_only_settings_and_secrets_that_there_are(unit: Unit) -> None:
    known = {f"PROMO_{name.upper()}" for name in Settings.model_fields}
    mentioned = {*unit.environment, *read_unit(COMMON).environment}
    assert {name for name in mentioned if name.startswith("PROMO_")} <= known
    for name, path in unit.secrets.items():
        assert path == f"{CONFIGURED}/secrets/{name}"
        assert name.removeprefix("promo_") in secret_fields()
    if unit.secrets:
        assert unit.environment["PROMO_SECRETS_DIR"] == "%d"


def test_the_connector_is_registered_without_knowing_its_password() -> None:
    unit = read_unit(FOLDER / "promo-connector.service")
    folder = unit.environment["PROMO_CONNECT_SECRETS_DIR"]
    assert "promo_postgres_cdc_password" not in unit.secrets
    settings = Settings(_env_file=None, connect_secrets_dir=Path(folder))
    wanted = f"${{secrets:{folder}:promo_postgres_cdc_password}}"
    assert connector_config(settings)["database.password"] == wanted


def test_units_need_only_units_that_there_are() -> None:
    there = {path.name.replace("@.", "@0.") for path in FOLDER.iterdir()}
    for path in (*FOLDER.glob("*.service"), FOLDER / "promo-sentinel.target"):
        unit = read_unit(path)
        for key in ("Requires", "Wants", "PartOf", "After"):
            named = {name for value in unit.all(key) for name in value.split()}
            assert {name for name in named if name.startswith("promo")} <= there, (path, key)


def test_every_worker_comes_back_whatever_ends_it() -> None:
    for unit in SERVICES:
        once = unit.all("Type") == ["oneshot"]
        restart = [] if unit.is_by_hand else ["on-failure"] if once else ["always"]
        assert unit.all("Restart") == restart
        assert unit.all("StartLimitIntervalSec") == ["0"]
        assert re.fullmatch(r"\d+[MG]", unit.all("MemoryMax")[0])
        assert once or unit.all("WantedBy") == ["promo-sentinel.target"]


def test_the_documented_path_is_the_units() -> None:
    assert (REPOSITORY / "docs" / "deployment.md").read_text().count(INSTALLED)
