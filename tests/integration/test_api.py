"""The REST interface as its callers see it: routes, refusals, the document that describes it."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta, timezone
from urllib.parse import quote

import httpx
import orjson
import pytest
import redis
from fastapi.openapi.models import OpenAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from api.metrics import NAMES
from api.schemas.registration import FirstRedemption, Registration
from api.schemas.risk import Assessment, Risk
from connectors.events import CodeDefined, Origin
from connectors.profile import Profile
from connectors.settings import Settings, required
from infra.native.layout import layout_of
from ml.scorer import Judge, score
from ml.store import Neighbourhood
from stream_processors.feature_store.redis_store import NewRisk, RedisStore, connect
from stream_processors.feature_store.wire import Sourced
from stream_processors.scoring.documents import risk_digest, score_document
from stream_processors.scoring.rescore import Trigger
from tests.integration.api_client import PROBLEM, caller, fresh_metrics, problem, registration


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """The API and what it asks; nobody scores."""
    return partial_stack("api")


@pytest.fixture(scope="module")
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key."""
    with caller(settings) as client:
        yield client


@pytest.fixture(scope="module")
def stranger(settings: Settings) -> Iterator[httpx.Client]:
    """A caller without a key."""
    with caller(settings) as client:
        del client.headers["X-API-Key"]
        yield client


def _with_store(settings: Settings, use: Callable[[RedisStore], object]) -> None:
    async def run() -> None:
        store = connect(settings)
        await use(store)  # type: ignore[misc]
        await store.close()

    asyncio.run(run())


def _published(settings: Settings, user_id: str) -> bytes:
    """Keep a latest risk as the scoring worker does."""
    (risk,) = score([Neighbourhood(Profile(user_id, 0), (), None, {}, {})], Judge())
    document = score_document(risk, replaces=None, revision=1, trigger=Trigger.REGISTRATION)
    text = orjson.dumps(document)
    kept = NewRisk(user_id, None, None, 1, risk_digest(risk), "", text.decode())
    _with_store(settings, lambda store: store.keep([kept]))
    return text


def _keys(settings: Settings) -> set[bytes]:
    password = required(settings.redis_password, "redis_password")
    with redis.Redis(port=settings.redis_port, password=password) as client:
        return set(client.scan_iter())


@pytest.mark.parametrize(
    "user_id",
    ["u-1", "a/b/risk", "ünïcode ✓", "a%2Fb", "a;b?c=1#d", "...", "new\nline", "end\n", "\r\n",
     "%0A", "\u2028", "\x01", "\ufffd", "x/risk\n", "Q" * 1_000],
    ids=ascii,
)  # fmt: skip
@pytest.mark.parametrize("safe", ["", "/"])
def test_a_latest_risk_is_answered_byte_for_byte(
    settings: Settings, api: httpx.Client, user_id: str, safe: str
) -> None:
    published = _published(settings, user_id)
    answer = api.get(f"/v1/users/{quote(user_id, safe=safe)}/risk")
    assert answer.is_success, answer.text
    assert answer.content == published
    assert answer.headers["content-type"] == "application/json"
    assert Risk.model_validate_json(answer.content).user_id == user_id


def test_an_unknown_account_is_a_problem_that_says_what_it_may_mean(api: httpx.Client) -> None:
    body = problem(api.get("/v1/users/nobody/risk"), 404, "account-unknown")
    assert "registered" in body["detail"]


@pytest.mark.parametrize("path", ["/v1", "/v1/users/u-1/risk", "/v1/score", "/v1/no-such-route"])
@pytest.mark.parametrize("key", [None, b"", b"wrong", "ключ".encode()])
def test_nothing_under_v1_answers_without_the_key(
    stranger: httpx.Client, path: str, key: bytes | None
) -> None:
    headers = {} if key is None else {b"X-API-Key": key}
    for answer in (stranger.get(path, headers=headers), stranger.post(path, headers=headers)):
        problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "APIKey"


def test_a_refused_caller_learns_nothing_from_a_broken_body(stranger: httpx.Client) -> None:
    problem(stranger.post("/v1/score", content=b"{"), 401, "unauthorized")


def test_a_route_that_is_not_there_is_a_problem(api: httpx.Client) -> None:
    problem(api.get("/v1/no-such-route"), 404, "route-unknown")
    problem(api.get("/nor-this"), 404, "route-unknown")


def test_a_method_that_is_not_offered_is_a_problem_that_names_those_that_are(
    api: httpx.Client,
) -> None:
    answer = api.put("/v1/score", json={})
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    answer = api.post("/v1/users/u-1/risk")
    problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"{", "#"),
        (b"", ""),
        (b"[]", "#"),
        (b'{"redemption": null}', "#/registration"),
        (b'{"registration": {"created_at": "2026-03-01T10:00:00Z"}}', "#/registration/user_id"),
    ],
)
def test_a_body_that_does_not_fit_is_a_problem_that_points_at_it(
    api: httpx.Client, body: bytes, pointer: str
) -> None:
    answer = api.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
    found = problem(answer, 422, "invalid")["errors"]
    assert any(error["pointer"].startswith(pointer) for error in found)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", 7),
        ("user_id", None),
        ("created_at", "2026-03-01T10:00:00"),  # no offset
        ("created_at", 1_772_359_200),
        ("created_at", "1772359200"),
        ("created_at", "1772359200.5"),
        ("created_at", "soon"),
        ("is_email_verified", "yes"),
        ("is_phone_verified", 1),
        ("dob", 7_648),
        ("dob", "10.12.1991"),
        ("email", ["a@example.com"]),
        ("email", "\ud800"),
        ("user_id", "nul\0"),
        ("is_abuser", True),
        ("favourite_colour", "green"),
    ],
)
def test_a_wrong_or_unknown_field_is_refused_and_named(
    api: httpx.Client, field: str, value: object
) -> None:
    asked = json.dumps({"registration": registration("u-2") | {field: value}})
    answer = api.post("/v1/score", content=asked, headers={"Content-Type": "application/json"})
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["pointer"] == f"#/registration/{field}"


EDGES = ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-14:00",
         "9999-12-31T23:59:59.9999999-05:00", "0001-01-01T13:59:59+14:00"]  # fmt: skip


@pytest.mark.parametrize("moment", EDGES)
def test_a_moment_that_utc_does_not_have_is_refused_everywhere(
    api: httpx.Client, moment: str
) -> None:
    row, at = registration("u-2"), "2026-03-01T10:00:00Z"
    fields = {name: value for name, value in row.items() if name != "user_id"}
    claim = {"user_id": "u-2", "promo_code": "X", "registration": {**fields, "created_at": moment}}
    redemption = {"promo_code": "X", "used_at": moment}
    bodies: list[tuple[str, object, str]] = [
        ("/v1/score", {"registration": {**row, "created_at": moment}}, "#/registration/created_at"),
        ("/v1/score", {"registration": row, "redemption": redemption}, "#/redemption/used_at"),
        ("/v1/redemptions/claim", claim, "#/registration/created_at"),
    ]
    for path, body, pointer in bodies:
        answer = api.post(path, json=body, headers={"Idempotency-Key": "k"})
        (error,) = problem(answer, 422, "invalid")["errors"]
        assert error["pointer"] == pointer
    for path in ("alerts", "alerts/stream", "analytics/top-users", "analytics/redemptions"):
        answer = api.get(f"/v1/{path}", params={"since": moment})
        (error,) = problem(answer, 422, "invalid")["errors"]
        assert error["pointer"].startswith("since")
    until = api.get("/v1/analytics/top-codes", params={"since": at, "until": moment})
    problem(until, 422, "invalid")


@pytest.mark.parametrize("moment", EDGES)
def test_of_a_batch_with_such_a_moment_the_others_are_answered(
    api: httpx.Client, moment: str
) -> None:
    good = [{"registration": registration(user)} for user in ("u-2", "u-3")]
    bad = {"registration": registration("b", created_at=moment)}
    answer = api.post("/v1/score/batch", json={"requests": [good[0], bad, good[1]]})
    found = problem(answer, 422, "invalid")
    assert [e["pointer"] for e in found["errors"]] == ["#/requests/1/registration/created_at"]
    first, none, last = found["results"]
    assert none is None
    assert [Assessment.model_validate(one).user_id for one in (first, last)] == ["u-2", "u-3"]


def test_an_unknown_field_beside_the_registration_is_refused(api: httpx.Client) -> None:
    asked = {"registration": registration("u-2"), "dry_run": True}
    (error,) = problem(api.post("/v1/score", json=asked), 422, "invalid")["errors"]
    assert error["pointer"] == "#/dry_run"


def test_a_strange_field_name_is_refused(api: httpx.Client) -> None:
    def pointers(body: bytes) -> set[str]:
        answer = api.post("/v1/score", content=body, headers={"Content-Type": "application/json"})
        return {error["pointer"] for error in problem(answer, 422, "invalid")["errors"]}

    assert pointers(b'{"a/b~": 1}') == {"#/registration", "#/a~1b~0"}
    assert pointers(rb'{"\ud800": 1}') == {"#"}


def test_a_body_that_cannot_be_read_is_a_problem(api: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"[" * 60_000, b'{"registration": "\xff"}'):
        answer = api.post("/v1/score", content=body, headers=headers)
        problem(answer, 400, "bad-request")


def test_a_body_without_its_type_is_told_which_header_is_missing(api: httpx.Client) -> None:
    asked = orjson.dumps({"registration": registration("u-2")})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # curl's, if none is named
    (error,) = problem(api.post("/v1/score", content=asked, headers=headers), 422, "invalid")[
        "errors"
    ]
    assert error["pointer"] == "#"
    assert "`Content-Type: application/json`" in error["detail"]
    wrong = problem(api.post("/v1/score", json={"registration": 1}), 422, "invalid")["errors"]
    assert [(e["pointer"], e["detail"]) for e in wrong] == [
        ("#/registration", "a JSON object is needed")
    ]


def test_a_body_that_is_too_large_is_refused_whether_or_not_it_tells_its_length(
    api: httpx.Client,
) -> None:
    asked = orjson.dumps({"registration": registration("u-2", city="x" * 70_000)})
    headers = {"Content-Type": "application/json"}
    told = api.post("/v1/score", content=asked, headers=headers)
    untold = api.post("/v1/score", content=iter([asked]), headers=headers)
    problem(told, 413, "body-too-large")
    problem(untold, 413, "body-too-large")


def test_a_score_writes_nothing(settings: Settings, api: httpx.Client) -> None:
    before = _keys(settings)
    asked = {
        "registration": registration("u-3", device_id="d-3"),
        "redemption": {"promo_code": "NEW", "used_at": "2026-03-01T10:01:00Z"},
    }
    assert api.post("/v1/score", json=asked).status_code == httpx.codes.OK
    assert _keys(settings) == before
    problem(api.get("/v1/users/u-3/risk"), 404, "account-unknown")


def test_a_redemption_within_minutes_counts_and_an_attempt_does_not(api: httpx.Client) -> None:
    def features(**redemption: object) -> Assessment:
        asked = {"registration": registration("u-4"), "redemption": redemption or None}
        return Assessment.model_validate_json(api.post("/v1/score", json=asked).content)

    fast = {"promo_code": "NEW", "used_at": "2026-03-01T10:01:00Z"}
    assert features().features["redemptions"] == 0
    assert features(**fast).features["seconds_to_first_redemption"] == 60
    assert features(**fast).score > features().score
    assert features(**fast, used_promo=False).score == features().score


def test_the_terms_of_a_known_code_give_the_value_at_risk(
    settings: Settings, api: httpx.Client
) -> None:
    terms = CodeDefined("TEN-OFF", "fixed_amount", 10, None, Origin(1, 0))  # type: ignore[arg-type]
    _with_store(settings, lambda store: store.exchange([Sourced(terms, "codes-0")], []))
    asked = {
        "registration": registration("u-5"),
        "redemption": {"promo_code": "TEN-OFF", "used_at": "2026-03-01T10:01:00Z"},
    }
    answer = Assessment.model_validate_json(api.post("/v1/score", json=asked).content)
    assert (answer.value_at_risk, answer.value_is_lower_bound) == (10.0, False)


def test_many_who_ask_at_once_are_all_answered(settings: Settings, api: httpx.Client) -> None:
    async def ask() -> list[int]:
        key, limits = api.headers["X-API-Key"], httpx.Limits(max_connections=400)
        async with httpx.AsyncClient(
            base_url=settings.api_url, headers={"X-API-Key": key}, limits=limits,
            timeout=30, trust_env=False,
        ) as client:  # fmt: skip
            asked = (client.get("/v1/users/nobody/risk") for _ in range(400))
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert set(asyncio.run(ask())) == {404}


def test_alive_and_ready_need_no_key_and_name_each_dependency(stranger: httpx.Client) -> None:
    assert stranger.get("/healthz").json() == {"alive": True}
    answer = stranger.get("/readyz")
    assert answer.status_code == httpx.codes.OK
    parts = answer.json()["parts"]
    assert {name: part["state"] for name, part in parts.items()} == dict.fromkeys(
        ("redis", "kafka", "clickhouse", "model", "rows"), "up"
    )


def test_metrics_have_the_closed_lists_names_and_templates_for_routes(
    api: httpx.Client, stranger: httpx.Client
) -> None:
    api.get("/v1/users/somebody-with-a-name/risk")
    text = fresh_metrics(stranger)
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert names == set(NAMES)
    assert 'route="/v1/users/{user_id}/risk",status="404"' in text
    assert 'problem="account-unknown",route="/v1/users/{user_id}/risk"' in text
    assert "somebody" not in text


def test_every_answer_has_security_headers_and_an_id_and_opens_no_other_origin(
    api: httpx.Client,
) -> None:
    origin = {"Origin": "https://elsewhere.example", "X-Request-ID": "checkout-77"}
    for path in ("/healthz", "/v1/users/nobody/risk", "/docs", "/nowhere"):
        answer = api.get(path, headers=origin)
        assert answer.headers["x-request-id"] == "checkout-77"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


def test_a_request_id_that_could_forge_a_log_line_is_replaced(api: httpx.Client) -> None:
    answer = api.get("/healthz", headers={"X-Request-ID": 'x" "level": "ERROR'})
    assert answer.headers["x-request-id"].isalnum()


def test_logs_tell_the_request_and_nothing_of_the_person(
    settings: Settings, api: httpx.Client
) -> None:
    asked = {"registration": registration("u-6", email="very.private@example.org")}
    api.post("/v1/score", json=asked, headers={"X-Request-ID": "log-probe"})
    bad = {"registration": registration("u-6", email="very.private@example.org", dob=3)}
    api.post("/v1/score", json=bad)
    log = layout_of(settings).log_of("api").read_text()
    assert '"request_id":"log-probe"' in log
    assert "very.private" not in log


def test_the_openapi_document_is_valid_and_complete(stranger: httpx.Client) -> None:
    text = stranger.get("/openapi.json").text
    document = OpenAPI.model_validate_json(text)
    assert set(document.paths or {}) == {
        "/v1/users/{user_id}/risk",
        "/v1/users/{user_id}/links",
        "/v1/users/{user_id}/label",
        "/v1/links/ignore",
        "/v1/identifiers/ignore",
        "/v1/redemptions/claim",
        "/v1/redemptions/release",
        "/v1/users/{user_id}",
        "/v1/erasures/{receipt_id}",
        "/v1/score",
        "/v1/score/batch",
        "/v1/alerts",
        "/v1/alerts/stream",
        "/v1/analytics/top-users",
        "/v1/analytics/top-codes",
        "/v1/analytics/redemptions",
        "/v1/analytics/registrations",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    plain = orjson.loads(text)
    for reference in _references(plain):
        assert reference.removeprefix("#/components/schemas/") in plain["components"]["schemas"]
    refused = plain["paths"]["/v1/score"]["post"]["responses"]["401"]["content"]
    assert list(refused) == [PROBLEM]
    assert plain["paths"]["/v1/score"]["post"]["security"] == [{"ApiKey": []}]
    assert "swagger" in stranger.get("/docs").text


def test_the_documentation_page_loads_nothing_from_elsewhere(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 3
    for url in loaded:
        assert url.startswith("/"), url
        assert stranger.get(url).is_success
    assert "//" not in page.headers["content-security-policy"]


def test_the_documented_examples_are_true(api: httpx.Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    (asked,), (code,) = schemas["Registration"]["examples"], schemas["FirstRedemption"]["examples"]
    Registration.model_validate(asked)
    FirstRedemption.model_validate(code)
    Risk.model_validate(schemas["Risk"]["examples"][0])
    Assessment.model_validate(schemas["Assessment"]["examples"][0])
    answer = api.post("/v1/score", json={"registration": asked, "redemption": code})
    assert Assessment.model_validate_json(answer.content).user_id == asked["user_id"]


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str):
            yield reference
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


IDS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("./%?#\n\r\0\\ ;&+\u2028\x85"),
    max_size=30,
) | st.sampled_from(["", ".", "..", "../..", "/", "//", "a/", "/risk", "a/links", "risk/label"])


def encoded(user_id: str) -> str:
    """For a path, also of what clients would take for its steps."""
    return quote(user_id, safe="").replace(".", "%2E")


@settings_of_hypothesis(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(user_id=IDS)
def test_every_id_reaches_every_route_of_an_account(
    settings: Settings, api: httpx.Client, user_id: str
) -> None:
    published = _published(settings, user_id)
    path = f"/v1/users/{encoded(user_id)}"
    assert api.get(f"{path}/risk").content == published
    answers = {
        "links": api.get(f"{path}/links"),
        "label": api.post(f"{path}/label", json={"is_abuser": None, "note": ""}),
        "erasure": api.delete(path),
    }
    for name, answer in answers.items():
        assert answer.status_code in (200, 202, 404, 409, 422, 503), (name, answer.text)
        if answer.is_error:
            assert answer.json()["type"] != "urn:promo-sentinel:problem:route-unknown", name


MOMENTS = st.datetimes(
    timezones=st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59)).map(
        lambda ahead: timezone(timedelta(minutes=ahead // timedelta(minutes=1)))
    )
).map(lambda moment: moment.isoformat()) | st.sampled_from(
    [*EDGES, "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00:00Z",
     "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-28T24:00:00Z", "2026-11-28",
     "2026-W48-6T00:00:00Z", "-0001-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "infinity", ""]
)  # fmt: skip


@settings_of_hypothesis(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moment=MOMENTS)
def test_every_moment_is_answered_or_refused(api: httpx.Client, moment: str) -> None:
    row = registration("u-2", created_at=moment)
    used = {"promo_code": "X", "used_at": moment}
    answers = [
        api.post("/v1/score", json={"registration": row}),
        api.post("/v1/score", json={"registration": registration("u-2"), "redemption": used}),
        api.get("/v1/alerts", params={"since": moment}),
        api.get("/v1/analytics/top-codes", params={"since": moment, "until": moment}),
        api.get("/v1/analytics/registrations", params={"until": moment}),
    ]
    assert {answer.status_code for answer in answers} <= {200, 422}
    batch = api.post("/v1/score/batch", json={"requests": [{"registration": row}]})
    assert batch.status_code == answers[0].status_code
