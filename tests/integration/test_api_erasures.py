"""Erasing by the API: what is answered, recorded and looked up, and what happens in an illness."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import orjson
import pytest

from api.access.key_file import read, write
from api.access.keys import Scope
from api.schemas.erasure import Erasure, ErasureReceipt
from connectors.audit import Action
from connectors.settings import Settings
from connectors.topics import Topic
from infra.native import stack as native
from infra.native.layout import layout_of
from tests.conftest import running_stack, stack_settings
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import caller, problem
from tests.reading import eventually

PARTS = ("api", "schema")
"""Nobody reads the stream: what a receipt tells stays as it is."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The API and all that it needs for an erasure; each test leaves it well."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("erasing")), *PARTS) as started:
        yield started


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the operator's key, once all is well."""
    with caller(settings) as client:
        eventually(lambda: client.get("/readyz").is_success, "all parts are well")
        yield client


@pytest.fixture
def shop(settings: Settings) -> Pipeline:
    return Pipeline(settings)


def in_path(user_id: str) -> str:
    """An id percent-encoded, dots too: clients take `..` for a step of the path."""
    return quote(user_id, safe="").replace(".", "%2E")


def erased(api: httpx.Client, user_id: str) -> ErasureReceipt:
    answer = api.delete(f"/v1/users/{in_path(user_id)}")
    assert answer.status_code == 202, answer.text
    return ErasureReceipt.model_validate_json(answer.content)


def progress(api: httpx.Client, receipt: ErasureReceipt) -> Erasure:
    answer = api.get(f"/v1/erasures/{receipt.receipt_id}")
    assert answer.is_success, answer.text
    return Erasure.model_validate_json(answer.content)


def recorded(shop: Pipeline, user_id: str) -> list[dict[str, object]]:
    """What promo.audit tells of an account."""
    found = shop.messages(Topic.AUDIT, user_id.encode())
    return [orjson.loads(message.value() or b"") for message in found]


ODD = [
    "u-1", "a/b/risk", "ünïcode ✓", "a%2Fb", "a;b?c=1#d", "", "new\nline", "\n", "end\n", "\r\n",
    "a\tb", "\x01\x1f", "..", ".", "../x", "a/../b", "%0A", "\u2028", "\u202eb", "\ufffd", " a ",
    "//", "x/links", "😀" * 1_000,
]  # fmt: skip


@pytest.mark.parametrize("user_id", ODD, ids=ascii)
def test_an_account_is_erased_recorded_and_looked_up(
    shop: Pipeline, api: httpx.Client, user_id: str
) -> None:
    shop.sign_up(user_id)

    receipt = erased(api, user_id)

    assert receipt.user_id == user_id
    found = progress(api, receipt)
    assert found.model_dump().items() >= receipt.model_dump().items()
    assert found.places.postgresql.state == "done"
    (entry,) = recorded(shop, user_id)
    assert entry["action"] == Action.ERASURE
    assert entry["detail"] == {"receipt_id": str(receipt.receipt_id)}
    assert entry["actor"] == receipt.requested_by


def test_erasing_twice_is_harmless_and_told_once(shop: Pipeline, api: httpx.Client) -> None:
    shop.sign_up("twice")
    assert erased(api, "twice") == erased(api, "twice")
    assert len({entry["audit_id"] for entry in recorded(shop, "twice")}) == 1


def test_what_has_no_rows_and_no_receipt_is_unknown(shop: Pipeline, api: httpx.Client) -> None:
    for user_id in ("nobody", "nul%00"):
        problem(api.delete(f"/v1/users/{user_id}"), 404, "account-unknown")
    assert recorded(shop, "nobody") == []
    problem(api.get(f"/v1/erasures/{uuid.uuid4()}"), 404, "receipt-unknown")
    problem(api.get("/v1/erasures/17"), 422, "invalid")


def test_no_other_account_is_meant_by_a_path_that_is_no_text(
    shop: Pipeline, api: httpx.Client
) -> None:
    shop.sign_up("\ufffd-other")
    problem(api.delete("/v1/users/%FF-other"), 400, "bad-request")
    assert recorded(shop, "\ufffd-other") == []


def test_an_id_that_no_store_takes_is_refused(api: httpx.Client) -> None:
    overlong = "Q" * 1_001
    for path in (f"{overlong}/risk", f"{overlong}/links"):
        problem(api.get(f"/v1/users/{path}"), 422, "invalid")
    problem(api.delete(f"/v1/users/{overlong}"), 422, "invalid")
    label = {"label": "abuser"}
    problem(api.post(f"/v1/users/{overlong}/label", json=label), 422, "invalid")


def test_only_a_key_for_it_erases(settings: Settings, shop: Pipeline, api: httpx.Client) -> None:
    others = [scope for scope in Scope if scope is not Scope.ADMIN]
    ring = read(settings.api_key_hashes)
    ring, _, text = ring.with_new("no-admin", others, None, None, datetime.now(UTC))
    write(settings.api_key_hashes, ring)
    shop.sign_up("kept")
    headers = {"X-API-Key": text}
    eventually(
        lambda: api.delete("/v1/users/kept", headers=headers).status_code == 403,
        "the key is known and refused",
    )
    problem(api.get(f"/v1/erasures/{uuid.uuid4()}", headers=headers), 403, "forbidden")
    assert erased(api, "kept").user_id == "kept"


def test_while_nobody_reads_the_stream_the_stores_are_pending_and_kafka_has_its_dates(
    shop: Pipeline, api: httpx.Client
) -> None:
    shop.sign_up("waiting")
    receipt = erased(api, "waiting")
    places = progress(api, receipt).places
    assert (places.redis.state, places.clickhouse.state) == ("pending", "pending")
    assert places.kafka.state == "pending"
    days = {
        topic.topic: (
            (topic.data_gone_by - receipt.requested_at).days,
            (topic.key_gone_by - receipt.requested_at).days,
        )
        for topic in places.kafka.topics
    }
    assert days == {
        "promo.public.users": (3, 6),
        "promo.public.promo_usages": (3, 6),
        "promo.labels": (3, 6),
        "promo.link_decisions": (3, 6),
        "promo.sweeps": (2, 2),
        "promo.rescore": (2, 2),
        "promo.risk_scores": (3, 6),
        "promo.abuse_alerts": (15, 15),
        "promo.dead_letter": (15, 15),
    }


@pytest.mark.parametrize("part", ["redis", "clickhouse"])
def test_a_store_that_is_away_is_unknown_and_hides_nothing_else(
    settings: Settings, shop: Pipeline, api: httpx.Client, part: str
) -> None:
    shop.sign_up(f"without-{part}")
    receipt = erased(api, f"without-{part}")
    # A key without a limit is not counted in Redis, so it opens the API without it.
    native.stop_part(settings, part)
    places = progress(api, receipt).places.model_dump()
    native.start_part(settings, part)
    assert places["postgresql"]["state"] == "done"
    states = {name: places[name]["state"] for name in ("redis", "clickhouse")}
    assert states == {"redis": "pending", "clickhouse": "pending", part: "unknown"}


@pytest.mark.parametrize("part", ["postgres", "kafka"])
def test_what_cannot_be_erased_or_recorded_is_a_503_and_stays(
    settings: Settings, shop: Pipeline, api: httpx.Client, part: str
) -> None:
    user_id = f"stays-without-{part}"
    shop.sign_up(user_id)
    native.stop_part(settings, part)
    answer = api.delete(f"/v1/users/{user_id}")
    native.start_part(settings, part)
    problem(answer, 503, "dependency-down")
    assert answer.headers["retry-after"]

    # It was still there: an account without rows would have no receipt.
    eventually(
        lambda: api.delete(f"/v1/users/{user_id}").status_code == 202, "it is erased after all"
    )


def test_without_postgresql_receipts_are_a_503(
    settings: Settings, shop: Pipeline, api: httpx.Client
) -> None:
    shop.sign_up("receipt-away")
    receipt = erased(api, "receipt-away")
    native.stop_part(settings, "postgres")
    answer = api.get(f"/v1/erasures/{receipt.receipt_id}")
    assert api.get("/readyz").is_success  # nothing else needs it
    native.start_part(settings, "postgres")
    problem(answer, 503, "dependency-down")


def test_logs_name_nobody_who_was_erased(
    settings: Settings, shop: Pipeline, api: httpx.Client
) -> None:
    shop.sign_up("very-private-name", email="very-private@example.org")
    erased(api, "very-private-name")
    layout = layout_of(settings)
    for part in ("api", "postgres"):
        assert "very-private" not in layout.log_of(part).read_text()
