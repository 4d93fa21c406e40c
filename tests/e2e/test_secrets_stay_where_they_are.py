"""No secret of a stack that has worked stands on a command line, in an environment or in a log."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.debezium.rest import CONNECTOR, address, certificates, login
from connectors.drain import wait_drained
from connectors.kafka_client import client_config
from connectors.load import load
from connectors.settings import Settings
from infra.native import stack as native
from infra.native.layout import layout_of
from tests.conftest import running_stack, stack_settings
from tests.traffic import write_traffic

PRIVATE = 0o077


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A whole stack after traffic, refused callers, mistakes, and restarts."""
    folder = tmp_path_factory.mktemp("secrets")
    with running_stack(stack_settings(folder / "state")) as ready:
        told = load(ready, write_traffic(folder / "csv", accounts=200, seed=5))
        wait_drained(ready, told.lsn)
        _make_mistakes(ready)
        for part in ("kafka", "connect"):
            native.restart_part(ready, part)
        native.up(ready)
        yield ready


def _make_mistakes(settings: Settings) -> None:
    wrong = {**client_config(settings), "sasl.password": "wrong", "log_level": 0}
    with pytest.raises(KafkaException):
        AdminClient(wrong).list_topics(timeout=1)
    verify = certificates(settings)
    with httpx.Client(
        base_url=address(settings), verify=verify, trust_env=False, timeout=20
    ) as client:
        client.get("/connectors", auth=("promo", "wrong"))
        client.auth = httpx.BasicAuth(*(login(settings) or ("", "")))
        config = client.get(f"/connectors/{CONNECTOR}/config").json()
        folder = settings.connect_secrets_folder
        named = f"${{secrets:{folder}:promo_postgres_cdc_password}}"
        for field in ("topic.prefix", "slot.name", "snapshot.mode", "table.include.list"):
            changed = {**config, "name": "mistaken", field: named}
            plugin = config["connector.class"]
            client.put(f"/connector-plugins/{plugin}/config/validate", json=changed)


def _secrets(settings: Settings) -> dict[str, str]:
    return {path.name: path.read_text() for path in layout_of(settings).secrets.iterdir()}


def test_no_command_line_and_no_environment_shows_one(settings: Settings) -> None:
    state, secrets = str(layout_of(settings).state), _secrets(settings)
    looked = []
    for process in psutil.process_iter():
        try:
            shown = " ".join([*process.cmdline(), *process.environ().values()])
        except psutil.Error:
            continue
        if state in shown:
            looked.append(process.name())
        assert not {name for name, secret in secrets.items() if secret in shown}, process.name()
    assert len(looked) > 8


def _holding(folder: Path, secret: str) -> set[Path]:
    found = subprocess.run(
        ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", "--regexp",
         secret, str(folder)],
        capture_output=True, text=True,
    )  # fmt: skip
    return {Path(line) for line in found.stdout.splitlines()}


def test_no_log_shows_one(settings: Settings) -> None:
    for name, secret in _secrets(settings).items():
        assert not _holding(layout_of(settings).logs, secret), name


def test_kafkas_own_files_show_none(settings: Settings) -> None:
    for name, secret in _secrets(settings).items():
        assert not _holding(layout_of(settings).data / "kafka", secret), name


def test_what_is_made_of_them_for_a_part_is_its_owners_alone(settings: Settings) -> None:
    for secret in _secrets(settings).values():
        for path in _holding(layout_of(settings).run, secret):
            assert not path.stat().st_mode & PRIVATE, path
