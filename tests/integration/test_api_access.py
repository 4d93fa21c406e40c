"""Keys, scopes, limits, TLS and browsers: what a running API lets through and what it does not."""

import os
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from api.access.keys import Scope
from connectors.settings import Settings
from infra.native import stack as native
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from tests.conftest import running_stack, stack_settings
from tests.integration.api_client import caller, fresh_metrics, problem, registration
from tests.integration.api_keys import asking, keys_command, keys_of, new_key, revoke
from tests.integration.test_api_decisions import keep_risk
from tests.reading import eventually
from warehouse.client import reader

ASKS: dict[Scope, Callable[[httpx.Client], httpx.Response]] = {
    Scope.READ: lambda client: client.get("/v1/users/nobody/risk"),
    Scope.SCORE: lambda client: client.post("/v1/score", json={"registration": registration("u")}),
    Scope.CLAIM: lambda client: client.post(
        "/v1/redemptions/release", json={"user_id": "u", "claim_id": "0" * 32}
    ),
    Scope.LABEL: lambda client: client.post("/v1/users/nobody/label", json={"label": None}),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The API, what it asks, and the worker that writes the audit log: a stack of its own."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("access")), "api", "warehouse") as s:
        yield s


@pytest.fixture
def operator(settings: Settings) -> Iterator[httpx.Client]:
    with caller(settings) as client:
        yield client


@pytest.mark.parametrize("scope", ASKS)
def test_a_key_opens_what_its_scope_names_and_nothing_else(
    settings: Settings, scope: Scope
) -> None:
    key = new_key(settings, f"only-{scope}", scope)
    with asking(settings, key) as client:
        assert ASKS[scope](client).status_code not in (401, 403)
        for other in ASKS.keys() - {scope}:
            body = problem(ASKS[other](client), 403, "forbidden")
            assert f"`{other}`" in body["detail"]


def test_a_key_without_the_scope_learns_nothing_from_a_broken_body(settings: Settings) -> None:
    with asking(settings, new_key(settings, "reader", "read")) as client:
        problem(client.post("/v1/score", content=b"{"), 403, "forbidden")


def test_two_keys_of_a_client_work_until_the_old_one_is_revoked(settings: Settings) -> None:
    old, new = (new_key(settings, "rotating", "read") for _ in range(2))
    third = keys_command(settings, "create", "--name", "rotating", "--scopes", "read")
    assert third.returncode == 1
    assert "has 2 live keys already" in third.stderr
    with asking(settings, old) as before, asking(settings, new) as after:
        for client in (before, after):
            problem(ASKS[Scope.READ](client), 404, "account-unknown")
        revoke(settings, keys_of(settings, "rotating")[0])
        eventually(lambda: ASKS[Scope.READ](before).status_code == 401, "the old key is refused")
        problem(ASKS[Scope.READ](before), 401, "unauthorized")
        problem(ASKS[Scope.READ](after), 404, "account-unknown")


def test_a_key_that_was_made_is_in_no_file_and_no_log(settings: Settings) -> None:
    key = new_key(settings, "secretive", "read")
    with asking(settings, key) as client:
        ASKS[Scope.READ](client)
    assert stat.S_IMODE(settings.api_key_hashes.stat().st_mode) == 0o600
    for path in (settings.api_key_hashes, layout_of(settings).log_of("api")):
        assert key not in path.read_text()


def test_a_command_that_cannot_be_done_says_what_to_do(settings: Settings) -> None:
    for words in (
        ("create", "--name", "Shop!", "--scopes", "read"),
        ("create", "--name", "shop", "--scopes", "everything"),
        ("revoke", "--id", "nothing"),
    ):
        refused = keys_command(settings, *words)
        assert refused.returncode == 1
        assert refused.stderr.strip()
        assert "Traceback" not in refused.stderr


def test_key_changes_and_decisions_are_in_the_audit_log_once(settings: Settings) -> None:
    key = new_key(settings, "audited", "read,label", per_minute=70)
    for user in ("audited-anna", "audited-ben"):
        keep_risk(settings, user)
    link = {"user_id": "audited-anna", "other_user_id": "audited-ben", "note": "a secret"}
    with asking(settings, key) as client:
        client.headers["X-Request-ID"] = "audited-1"
        label = {"label": "abuser", "note": "a secret"}
        assert client.post("/v1/users/audited-anna/label", json=label).is_success
        assert client.post("/v1/links/ignore", json=link).is_success
        assert client.post("/v1/links/ignore", json={**link, "ignore": False}).is_success
    revoke(settings, keys_of(settings, "audited")[0])
    warehouse = reader(settings)

    def told() -> list[tuple[str, ...]]:
        found = warehouse.query(
            "SELECT action, subject, request_id, detail FROM audit_log FINAL"
            " WHERE actor = 'audited' ORDER BY at"
        )
        return [tuple(map(str, row)) for row in found.result_rows]

    eventually(lambda: len(told()) == 5, "all of it is in the audit log", timeout_s=20)
    created, labelled, ignored, taken_back, revoked = told()
    warehouse.close()
    scopes = '{"expires_at":null,"per_minute":"70","scopes":"read,label"}'
    assert (created[0], revoked[0]) == ("key_created", "key_revoked")
    assert (created[3], revoked[3]) == (scopes, scopes)
    assert labelled == ("label", "audited-anna", "audited-1", '{"is_abuser":true}')
    ben = '"other":"audited-ben","through"'
    assert ignored == ("link", "audited-anna", "audited-1", f'{{"ignored":true,{ben}:null}}')
    assert taken_back == ("link", "audited-anna", "audited-1", f'{{"ignored":false,{ben}:"all"}}')


def test_a_key_gets_its_limit_and_is_told_how_much_is_left(settings: Settings) -> None:
    key = new_key(settings, "slow", "read", per_minute=30)
    with asking(settings, key) as client:
        answers = [ASKS[Scope.READ](client) for _ in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    body = problem(refused[0], 429, "too-many-requests")
    assert "30 times a minute" in body["detail"]
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    left = [int(answer.headers["ratelimit-remaining"]) for answer in answers]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"30"}
    # Within one minute it only falls; the minute may have turned once.
    assert sum(after > before for before, after in pairwise(left)) <= 1


def test_the_limit_holds_over_all_connections(settings: Settings) -> None:
    key = new_key(settings, "many", "read", per_minute=200)

    def ask(_: int) -> int:
        with asking(settings, key) as client:
            return sum(ASKS[Scope.READ](client).status_code != 429 for _ in range(60))

    with ThreadPoolExecutor(8) as pool:
        admitted = sum(pool.map(ask, range(8)))
    # Two minutes' worth if the minute turned meanwhile, and what making the key had asked.
    assert 190 <= admitted <= 400


@pytest.mark.parametrize(
    "header",
    [
        ("X-Request-ID", "a\r\nSet-Cookie: stolen=1"),
        ("X-API-Key", "k\r\nX-Admin: 1"),
    ],
)
def test_a_header_that_smuggles_another_is_refused(
    settings: Settings, header: tuple[str, str]
) -> None:
    with httpx.Client(base_url=settings.api_url, trust_env=False) as client:
        raw = {header[0].encode(): header[1].encode()}
        try:
            answer = client.get("/healthz", headers=raw)
        except httpx.LocalProtocolError:  # the client itself will not send it: send it by hand
            answer = None
    if answer is None:
        text = _by_hand(settings, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{header[0]}: {header[1]}")
        head = text.partition("\r\n\r\n")[0].lower()
        assert "stolen" not in head
        assert "x-admin" not in head


def test_a_percent_encoded_line_end_does_not_reach_headers_or_logs(
    settings: Settings, operator: httpx.Client
) -> None:
    answer = operator.get("/v1/users/a%0d%0aSet-Cookie:%20x=1/risk")
    problem(answer, 404, "account-unknown")
    assert "set-cookie" not in answer.headers
    assert "Set-Cookie" not in layout_of(settings).log_of("api").read_text()


def _by_hand(settings: Settings, head: str) -> str:
    with socket.create_connection((settings.api_host, settings.api_port), 5) as connection:
        connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65_536), b"")).decode()


def test_redis_away_refuses_a_limited_key_instead_of_letting_it_through(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("api")
    key = new_key(settings, "limited", "score", per_minute=2)
    native.stop_part(settings, "redis")
    with asking(settings, key) as client:
        answers = [ASKS[Scope.SCORE](client) for _ in range(3)]
    for answer in answers:
        problem(answer, 503, "dependency-down")


def test_a_broken_key_file_changes_nothing_while_the_api_runs(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("api")
    key = new_key(settings, "steady", "read")
    settings.api_key_hashes.write_text("{")
    log = layout_of(settings).log_of("api")
    eventually(lambda: "the keys stay as they were" in log.read_text(), "it is in the log")
    with asking(settings, key) as client:
        problem(ASKS[Scope.READ](client), 404, "account-unknown")


def _start_outcome(settings: Settings, **changed: str) -> str:
    """What ``python -m api`` says with other settings, when it refuses to start."""
    environment = os.environ | environment_of(settings, layout_of(settings)) | changed
    del environment["PROMO_STACK"]
    done = subprocess.run(
        [sys.executable, "-m", "api"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 1
    return done.stderr


def test_placeholder_secrets_are_refused_at_start(settings: Settings) -> None:
    for placeholder in ("changeme", "Change-Me", "your-key-here"):
        said = _start_outcome(settings, PROMO_API_KEY=placeholder)
        assert "PROMO_API_KEY" in said
        assert placeholder not in said


def test_without_any_key_it_does_not_open_to_other_machines(
    settings: Settings, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for secret in layout_of(settings).secrets.iterdir():
        if secret.name != "promo_api_key":
            (secrets / secret.name).write_text(secret.read_text())
    said = _start_outcome(
        settings,
        PROMO_SECRETS_DIR=str(secrets),
        PROMO_STATE_DIR=str(tmp_path),
        PROMO_API_HOST="0.0.0.0",
    )
    assert "make api-key" in said


def test_half_a_certificate_is_refused_at_start(settings: Settings) -> None:
    said = _start_outcome(settings, PROMO_API_TLS_KEY="key.pem")
    assert "belong together" in said


def test_with_a_certificate_it_speaks_tls_alone_and_the_stack_sees_it_well(
    own_stack: Callable[..., Settings], tmp_path: Path
) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    settings = own_stack("api", api_tls_certificate=certificate, api_tls_key=key)
    assert settings.api_url.startswith("https://")
    trusting = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(base_url=settings.api_url, verify=trusting, trust_env=False) as client:
        assert client.get("/readyz").is_success
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{settings.api_port}/healthz", trust_env=False)


def test_browsers_of_named_origins_may_ask_and_others_may_not(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("api", api_cors_origins="https://desk.example, https://two.example")
    wanted = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "X-API-Key"}
    with caller(settings) as client:
        for origin, allowed in (("https://desk.example", True), ("https://evil.example", False)):
            asked = client.options("/v1/users/u/risk", headers={"Origin": origin, **wanted})
            answered = client.get("/v1/users/u/risk", headers={"Origin": origin})
            assert (asked.status_code == httpx.codes.OK) is allowed
            for answer in (asked, answered):
                told = answer.headers.get("access-control-allow-origin")
                assert told == (origin if allowed else None)


def test_several_workers_answer_as_one_and_end_with_their_parent(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("api", api_workers=2)
    key = new_key(settings, "spread", "read", per_minute=100)
    asked = 240

    def ask(_: int) -> int:
        with asking(settings, key) as client:
            return ASKS[Scope.READ](client).status_code

    eventually(lambda: 401 not in map(ask, range(10)), "every worker knows the key")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, range(asked)))
    assert 60 <= statuses.count(404) <= 200
    assert statuses.count(404) + statuses.count(429) == asked
    with caller(settings) as client:
        text = fresh_metrics(client)
    counted = [
        float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("promo_api_requests_total") and 'status="404"' in line
    ]
    assert sum(counted) >= statuses.count(404)
    native.kill_part(settings, "api")
    with caller(settings) as client:
        eventually(lambda: _alive(client), "it was started again", timeout_s=30)


def _alive(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").is_success
    except httpx.HTTPError:
        return False
