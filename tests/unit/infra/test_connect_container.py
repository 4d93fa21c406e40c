"""What Connect's container writes into its memory before it starts, run by a shell here."""

import subprocess
from pathlib import Path

import pytest

from infra.docker import places
from infra.docker.__main__ import GENERATED
from tests.composition import services

SECRETS = {
    "promo_postgres_cdc_password": "of-the-database",
    "promo_kafka_debezium_password": "of-kafka",
    "promo_connect_password": "of-the-owner",
}


def started(folder: Path, secrets: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The container's command up to Java, with folders of this machine in place of its own."""
    (folder / "secrets").mkdir()
    (folder / "memory").mkdir()
    for name, text in secrets.items():
        (folder / "secrets" / name).write_text(text)
    (script,) = services()["connect"]["command"]
    here = {
        "$$": "$",
        "/tmp/": f"{folder}/memory/",
        places.SECRETS: str(folder / "secrets"),
        places.CONFIG: str(GENERATED),
        "exec /kafka/bin/connect-distributed.sh": "echo started with",
    }
    for there, place in here.items():
        script = script.replace(there, place)
    words = [*services()["connect"]["entrypoint"], script]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_it_writes_who_may_ask_it_and_as_whom_it_speaks_for_itself_alone(tmp_path: Path) -> None:
    done = started(tmp_path, SECRETS)

    assert done.stdout.startswith("started with"), done.stderr
    written = {
        str(path.relative_to(tmp_path / "memory")): path.read_text()
        for path in (tmp_path / "memory").rglob("*")
        if path.is_file()
    }
    login = (GENERATED / "connect-login.conf").read_text()
    assert written == {
        "connect-users.properties": "promo=of-the-owner\n",
        "connect-login.conf": f'{login}  password="of-kafka";\n}};\n',
        "connect-secrets/promo_postgres_cdc_password": "of-the-database",
    }
    assert not {p for p in (tmp_path / "memory").rglob("*") if p.stat().st_mode & 0o077}
    assert f'file="{places.CONNECT_USERS}"' in login


@pytest.mark.parametrize("name", SECRETS)
def test_it_does_not_start_without_a_secret(tmp_path: Path, name: str) -> None:
    """An empty password would open it to whoever sends none."""
    assert "started" not in started(tmp_path, {**SECRETS, name: ""}).stdout
