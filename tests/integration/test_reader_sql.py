"""The read-only user's SQL for a server: ClickHouse's own parser reads it."""

import re
from pathlib import Path

import httpx
import pytest

import warehouse
from connectors.settings import Settings
from warehouse.gateway.config import READER_ROLE, write_config
from warehouse.gateway.limits import API, READER, Limits

SQL = (Path(warehouse.__file__).parent / "reader.sql").read_text()
STATEMENTS = [" ".join(one.split()) for one in re.sub(r"--.*", "", SQL).split(";") if one.strip()]


def formatted(http: httpx.Client, statement: str) -> httpx.Response:
    """The statement as ClickHouse understands it; refused if it does not."""
    asked = "SELECT formatQuerySingleLine({statement:String}) FORMAT TSVRaw"
    return http.get("/", params={"query": asked, "param_statement": statement})


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda one: one.split()[0])
def test_clickhouse_reads_every_statement(http: httpx.Client, statement: str) -> None:
    answer = formatted(http, statement)

    assert answer.status_code == 200, answer.text
    assert answer.text.split()[:2] == statement.split()[:2]


@pytest.mark.parametrize(
    "slip", [("readonly = 2", "readonly : 2"), ("GRANT SELECT", "GRANT SELEKT")]
)
def test_a_slip_would_be_found(http: httpx.Client, slip: tuple[str, str]) -> None:
    wrong = [one.replace(*slip) for one in STATEMENTS if slip[0] in one]

    assert len(wrong) == 2
    assert all("SYNTAX_ERROR" in formatted(http, one).text for one in wrong)


def test_the_users_are_the_settings_ones_and_may_read_one_database_alone(tmp_path: Path) -> None:
    settings = Settings(_env_file=None)
    database = settings.clickhouse_database
    names = (settings.clickhouse_reader_user, settings.clickhouse_api_user)

    created, granted = STATEMENTS[::2], STATEMENTS[1::2]
    assert [one.split()[5] for one in created] == list(names)
    assert granted == [f"GRANT SELECT ON {database}.* TO {name}" for name in names]
    # What the native gateway's reader is granted, whose refusals are tested there.
    users = write_config(tmp_path, database).with_name("users.xml").read_text()
    assert f"<{READER_ROLE}><grants><query>GRANT SELECT ON {database}.*</query>" in users


@pytest.mark.parametrize(("created", "limits"), [(STATEMENTS[0], READER), (STATEMENTS[2], API)])
def test_the_limits_are_the_gateways(created: str, limits: Limits) -> None:
    wanted = {f"{name} = {most} MIN 1 MAX {most}" for name, most in limits.settings.items()}
    chosen = set(created.split(" SETTINGS ")[1].split(", "))
    assert wanted <= chosen
    assert f"max_memory_usage_for_user = {limits.memory_bytes} CONST" in chosen


def test_no_password_is_in_the_file_or_on_the_command_line() -> None:
    assert "sha256_hash BY {password_sha256:String}" in SQL
    assert "BY '" not in SQL
