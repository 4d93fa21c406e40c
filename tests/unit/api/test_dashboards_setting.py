"""What settings say of the dashboards' page: whether it is served, and what TLS changes."""

from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from api.main import create_app
from connectors.settings import Settings

KEY = "ps_of-this-test-alone"


def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **more: object) -> httpx.AsyncClient:
    """The API, connected to nothing."""
    monkeypatch.chdir(tmp_path)
    secret = SecretStr("of this test alone")
    settings = Settings.model_validate(
        {"state_dir": tmp_path, "api_key": SecretStr(KEY), "hash_key": secret}
        | {
            f"{name}_password": secret
            for name in ("redis", "clickhouse_api", "postgres_eraser", "kafka_operator")
        }
        | more
    )
    transport = httpx.ASGITransport(create_app(settings))
    return httpx.AsyncClient(transport=transport, base_url="http://api")


async def log_in(api: httpx.AsyncClient) -> str:
    return str((await api.post("/dashboards/login", data={"key": KEY})).headers["set-cookie"])


async def test_under_tls_the_session_is_sent_over_tls_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = {"api_tls_certificate": tmp_path / "c.pem", "api_tls_key": tmp_path / "k.pem"}

    assert "Secure" in await log_in(served(tmp_path, monkeypatch, **tls))
    assert "Secure" not in await log_in(served(tmp_path, monkeypatch))


async def test_the_page_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_page = served(tmp_path, monkeypatch)
    without = served(tmp_path, monkeypatch, dashboards=False)

    assert (await with_page.get("/dashboards")).is_redirect
    assert (await without.get("/dashboards")).status_code == 404


@pytest.mark.parametrize(
    "body", ["", "key", "key=&next=", "&" * 9_000, "key=%ff%00%zz", "key=a;key=b", "\x00=\xff"]
)
async def test_a_form_that_nobody_filled_in_is_refused_as_a_wrong_key_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    api = served(tmp_path, monkeypatch)

    sent = await api.post("/dashboards/login", content=body.encode("latin-1"))

    assert sent.status_code == 401
    assert "This key opens nothing" in sent.text


async def test_the_page_is_not_part_of_the_apis_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await served(tmp_path, monkeypatch).get("/openapi.json")

    assert not [path for path in document.json()["paths"] if path.startswith("/dashboards")]
