"""ClickHouse's own engine reads what its container is configured with, and holds users to it."""

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from infra.docker.__main__ import GENERATED
from infra.docker.places import CLICKHOUSE_DATABASE, PASSWORD_HASHES
from tests.composition import services
from warehouse.gateway.config import (
    FIXED_SETTINGS,
    READER_ROLE,
    WRITER_ROLE,
    document,
    element,
    grants_of,
)
from warehouse.gateway.limits import API, READER, Limits

TIMEOUT_S = 60

# A process of its own: the engine is one a process, with one folder.
ASK = """
import json, sys
from chdb.state.sqlitelike import connect
folder, *statements = json.load(sys.stdin)
connection = connect(f"{folder}/data?config-file={folder}/config.xml")
answers = []
for statement in statements:
    try:
        answers.append(connection.query(statement, "TSVRaw").bytes().decode().strip())
    except Exception as error:
        answers.append(str(error).splitlines()[0])
print(json.dumps(answers))
"""

ADMIN = """<clickhouse>
<profiles><default/></profiles><quotas><default/></quotas>
<users><default><no_password/><networks><ip>::/0</ip></networks><profile>default</profile>
<quota>default</quota><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></default>
</users></clickhouse>"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the container's files beside an administrator and the gateway's roles."""
    folder = tmp_path_factory.mktemp("server")
    for name in ("config.d", "users.d"):
        (folder / name).mkdir()
    users = (GENERATED / "clickhouse/users.xml").read_text()
    (folder / "users.xml").write_text(ADMIN)
    (folder / "users.d/promo.xml").write_text(users.replace('<default remove="1"/>', ""))
    config = (GENERATED / "clickhouse/config.xml").read_text()
    (folder / "config.d/promo.xml").write_text(config)
    own = element("users_config", str(folder / "users.xml"))
    (folder / "config.xml").write_text(f"<clickhouse>{own}</clickhouse>")
    roles = "".join(
        f"<{role}><grants>{grants_of(role, CLICKHOUSE_DATABASE)}</grants></{role}>"
        for role in (WRITER_ROLE, READER_ROLE)
    )
    (folder / "users.d/roles.xml").write_text(document([f"<roles>{roles}</roles>"]))
    return folder


def ask(server: Path, *statements: str) -> list[str]:
    """Each statement's answer, or the first line of why there is none."""
    passwords = {
        variable: sha256(f"password of {user}".encode()).hexdigest()
        for user, variable in PASSWORD_HASHES.items()
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps([str(server), *statements]),
        env={**os.environ, **passwords},
        cwd=server,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(done.stdout)
    return answers


def test_the_limits_arrive_and_passwords_are_hashes_from_the_environment(server: Path) -> None:
    shown = "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'"
    memory, *users = ask(server, shown, *(f"SHOW CREATE USER {u}" for u in PASSWORD_HASHES))
    assert memory == str(2 * 1024**3)
    assert all("IDENTIFIED WITH sha256_password" in user for user in users)
    assert all(name in user for name, user in zip(PASSWORD_HASHES, users, strict=True))


@pytest.mark.parametrize(
    ("user", "role"),
    [("promo", WRITER_ROLE), ("promo_api", READER_ROLE), ("promo_reader", READER_ROLE)],
)
def test_a_user_has_the_rights_of_the_gateways_role(server: Path, user: str, role: str) -> None:
    """What these rights allow and refuse is specified by the gateway's tests."""
    of_user, of_role = ask(server, f"SHOW GRANTS FOR {user}", f"SHOW GRANTS FOR {role}")
    assert of_user
    assert of_user.replace(f" TO {user}", f" TO {role}") == of_role


@pytest.mark.parametrize(("user", "limits"), [("promo_reader", READER), ("promo_api", API)])
def test_a_reader_writes_nothing_and_takes_no_more_than_from_the_gateway(
    server: Path, user: str, limits: Limits
) -> None:
    asked = (
        "SELECT setting_name, value, min, max FROM system.settings_profile_elements"
        f" WHERE profile_name = '{user}' AND max IS NOT NULL"
    )
    fixed = (
        "SELECT setting_name FROM system.settings_profile_elements"
        f" WHERE profile_name = '{user}' AND writability = 'CONST'"
    )
    limited, constant, profile = ask(server, asked, fixed, f"SHOW CREATE SETTINGS PROFILE {user}")
    values = {line.split("\t")[0]: line.split("\t")[1:] for line in limited.splitlines()}
    assert values.keys() == limits.settings.keys()
    for name, most in limits.settings.items():
        assert [float(value) for value in values[name]] == [most, 1, most]
    assert "readonly = 2," in profile
    assert {"workload", "max_memory_usage_for_user", *FIXED_SETTINGS} <= set(constant.split())


def test_the_image_is_of_the_engines_own_version(server: Path) -> None:
    (version,) = ask(server, "SELECT version()")
    image = services()["clickhouse"]["image"]
    assert _release(image.partition(":")[2]) == _release(version)


def _release(version: str) -> Any:
    return version.split(".")[:2]
