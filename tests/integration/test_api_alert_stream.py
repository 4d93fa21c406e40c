"""Alerts as they come: nothing missed, nothing twice, and nothing left behind."""

import random
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from api.access.key_file import held, read, write
from api.access.keys import Scope
from api.schemas.alert import Alert
from connectors.kafka_client import client_config
from connectors.moments import iso
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, Topic
from infra.native import stack as native
from infra.native.layout import layout_of
from tests.conftest import running_stack, stack_settings
from tests.integration.api_client import caller, fresh_metrics, problem
from tests.integration.api_keys import asking, keys_of, new_key, revoke
from tests.integration.event_stream import PATH, Block, listening
from tests.reading import eventually
from tests.unit.connectors.envelopes import profiled
from tests.warehouse_rows import NOW_US, alert_message, risky

STREAMS, STREAMS_PER_KEY = 6, 5
ALERTS = Topic.ABUSE_ALERTS.value
LIBRARY_THREADS = "rdk:"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The API with few streams, and what it asks; nobody scores."""
    made = stack_settings(
        tmp_path_factory.mktemp("streams"), api_streams=STREAMS, api_streams_per_key=STREAMS_PER_KEY
    )
    with running_stack(made, "api") as started:
        yield started


@pytest.fixture
def api(settings: Settings) -> Iterator[httpx.Client]:
    """A caller with the key, once all is well and nobody listens."""
    with caller(settings) as client:
        eventually(lambda: client.get("/readyz").is_success, "all parts are well")
        eventually(lambda: streams_open(client) == 0, "nobody listens")
        yield client


def message(user_id: str, revision: int = 0, **more: object) -> dict[str, Any]:
    made = alert_message(risky(replace(profiled(), user_id=user_id)), NOW_US + revision)
    return {**made, **more}


def some(prefix: str, count: int) -> list[dict[str, Any]]:
    return [message(f"{prefix}-{number}") for number in range(count)]


def publish(settings: Settings, *messages: Mapping[str, Any]) -> None:
    publish_raw(settings, *((m["user_id"], orjson.dumps(m)) for m in messages))


def publish_raw(settings: Settings, *messages: tuple[str, bytes | None], at_ms: int = 0) -> None:
    """Put messages into the topic; returns when they are there."""
    failed: list[object] = []

    def delivered(error: object, _: object) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer(
        {
            **client_config(settings),
            "partitioner": "murmur2_random",
            "message.max.bytes": MAX_MESSAGE_BYTES,
        }
    )
    for key, value in messages:
        producer.produce(ALERTS, value, key, timestamp=at_ms, on_delivery=delivered)
    assert producer.flush(10) == 0
    assert not failed


def users(alerts: list[dict[str, Any]]) -> list[str]:
    return sorted(alert["user_id"] for alert in alerts)


def streams_open(api: httpx.Client) -> float:
    (line,) = (
        line
        for line in fresh_metrics(api).splitlines()
        if line.startswith("promo_api_alert_streams ")
    )
    return float(line.split()[1])


def end_of(api: httpx.Client) -> str:
    with listening(api, for_s=1) as listener:
        return listener.last_id


def test_what_is_published_from_now_on_comes_as_it_was_published(
    settings: Settings, api: httpx.Client
) -> None:
    publish(settings, *some("before", 5))
    sent = [message("now-1"), message("now-2", status="cleared", level="low"), message("now-1", 5)]
    with listening(api) as listener:
        publish(settings, *sent)
        published = time.monotonic()
        alerts = listener.alerts(3)
        assert time.monotonic() - published < 2
    assert sorted(alerts, key=str) == sorted(sent, key=str)
    for block in listener.seen[1:]:
        assert block.fields["event"] == "alert"
        assert block.fields["data"] in {orjson.dumps(one).decode() for one in sent}
        Alert.model_validate_json(block.fields["data"])
    assert [a["revision"] for a in alerts if a["user_id"] == "now-1"] == [NOW_US, NOW_US + 5]


@pytest.mark.parametrize("seed", range(3))
def test_who_comes_back_with_its_last_id_misses_nothing_and_sees_nothing_twice(
    settings: Settings, api: httpx.Client, seed: int
) -> None:
    chance = random.Random(seed)
    last_id = end_of(api)
    sent: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for turn in range(6):
        new = some(f"resumed-{seed}-{turn}", chance.randrange(25))
        publish(settings, *new)
        sent += new
        with listening(api, last_id) as listener:
            seen += listener.alerts(chance.randrange(len(sent) - len(seen) + 1))
        last_id = listener.last_id
    with listening(api, last_id, for_s=1) as listener:
        seen += listener.rest()
    assert users(seen) == users(sent)


def test_who_has_seen_no_alert_yet_resumes_where_it_began(
    settings: Settings, api: httpx.Client
) -> None:
    with listening(api) as listener:
        pass
    publish(settings, *some("unseen", 3))
    with listening(api, listener.last_id) as again:
        assert users(again.alerts(3)) == ["unseen-0", "unseen-1", "unseen-2"]


def test_since_replays_from_a_moment_and_an_id_outweighs_it(
    settings: Settings, api: httpx.Client
) -> None:
    now_ms = time.time_ns() // 1_000_000
    moment = iso((now_ms + 60_000) * 1_000)
    publish_raw(settings, ("s-1", orjson.dumps(message("s-1"))), at_ms=now_ms + 59_999)
    between = end_of(api)
    publish_raw(settings, ("s-2", orjson.dumps(message("s-2"))), at_ms=now_ms + 60_000)
    publish_raw(settings, ("s-3", orjson.dumps(message("s-3"))), at_ms=now_ms + 60_001)
    with listening(api, since=moment) as listener:
        assert users(listener.alerts(2)) == ["s-2", "s-3"]
    with listening(api, between, since="1900-01-01T00:00:00Z", for_s=1) as listener:
        assert users(listener.rest()) == ["s-2", "s-3"]
    later = datetime.fromtimestamp(now_ms / 1_000 + 3_600, UTC).isoformat()
    with listening(api, since=later, for_s=1) as listener:
        assert listener.rest() == []


def test_levels_are_meant_exactly_and_what_is_left_out_is_not_read_again(
    settings: Settings, api: httpx.Client
) -> None:
    with listening(api, level=["high", "low"], for_s=2) as listener:
        publish(
            settings,
            *(
                message(f"l-{level}", level=level)
                for level in ("low", "medium", "high", "critical")
            ),
        )
        assert users(listener.rest()) == ["l-high", "l-low"]
    with listening(api, listener.last_id, for_s=1) as again:
        assert again.rest() == []


def test_what_cannot_be_read_is_passed_over(settings: Settings, api: httpx.Client) -> None:
    with listening(api) as listener:
        broken = [b"{", b"\xff", b"[]", b'{"a": 1}', None]
        publish_raw(settings, *(("same-key", value) for value in broken))
        publish(settings, message("same-key"))
        assert users(listener.alerts(1)) == ["same-key"]
    log = layout_of(settings).log_of("api").read_text()
    assert log.count('"message":"an alert cannot be read"') == len(broken) - 1


def test_a_large_alert_comes_whole(settings: Settings, api: httpx.Client) -> None:
    large = message("large", model_version="m" * 5_000_000)
    with listening(api) as listener:
        publish(settings, large, message("after"))
        found = listener.alerts(2)
    assert large in found


def test_a_stream_ends_by_itself_with_the_place_where_it_stands(
    settings: Settings, api: httpx.Client
) -> None:
    started = time.monotonic()
    with listening(api, for_s=1) as listener:
        assert listener.rest() == []
    assert 1 <= time.monotonic() - started < 3
    assert [set(block.fields) for block in listener.seen] == [{"", "id", "retry"}, {"", "id"}]


def test_silence_is_broken_before_a_proxy_takes_it_for_the_end(api: httpx.Client) -> None:
    with listening(api) as listener:
        started = time.monotonic()
        alive = listener.next()
        assert time.monotonic() - started < 15
    assert alive == Block({"": "still here", "id": listener.last_id})


@pytest.mark.parametrize("event_id", ["1", "0.0.0", "0.0.0.0.0", "0.0.0.999999999"])
def test_an_id_of_another_topic_is_refused(api: httpx.Client, event_id: str) -> None:
    answer = api.get(PATH, headers={"Last-Event-ID": event_id})
    assert "begin without" in problem(answer, 409, "conflict")["detail"]


@pytest.mark.parametrize("event_id", ["x", "", "-1.0.0.0", "1..0.0", "99999999999999999999.0.0.0"])
def test_an_id_that_no_stream_gave_is_refused(api: httpx.Client, event_id: str) -> None:
    answer = api.get(PATH, headers={"Last-Event-ID": event_id})
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error["pointer"] == "Last-Event-ID"


@pytest.mark.parametrize(
    ("name", "value"),
    [("for_s", "0"), ("for_s", "3601"), ("level", "severe"), ("since", "yesterday")],
)
def test_a_wrong_parameter_is_refused_and_named(api: httpx.Client, name: str, value: str) -> None:
    (error,) = problem(api.get(PATH, params={name: value}), 422, "invalid")["errors"]
    assert error["pointer"].partition("/")[0] == name


def test_a_place_that_is_kept_no_more_begins_with_the_earliest(
    settings: Settings, api: httpx.Client
) -> None:
    publish(settings, *some("forgotten", 20))
    ends = [int(offset) for offset in end_of(api).split(".")]
    admin = AdminClient(client_config(settings))
    gone = [TopicPartition(ALERTS, place, end) for place, end in enumerate(ends)]
    for done in admin.delete_records(gone).values():
        done.result()
    publish(settings, *some("kept", 4))
    with listening(api, "0.0.0.0", for_s=1) as listener:
        assert users(listener.rest()) == ["kept-0", "kept-1", "kept-2", "kept-3"]


def test_more_streams_than_there_are_places_are_told_to_come_later(
    settings: Settings, api: httpx.Client
) -> None:
    key = new_key(settings, "another-listener", "read")
    with ExitStack() as listeners:
        for _ in range(STREAMS_PER_KEY):
            listeners.enter_context(listening(api))
        problem(api.get(PATH), 429, "too-many-requests")
        another = listeners.enter_context(asking(settings, key))
        for _ in range(STREAMS - STREAMS_PER_KEY):
            listeners.enter_context(listening(another))
        answer = another.get(PATH)
        problem(answer, 503, "busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert api.get("/v1/alerts").is_success
    eventually(lambda: api.get(PATH, params={"for_s": 1}).is_success, "a place is free again")


def test_nothing_is_left_of_clients_that_went_away(settings: Settings, api: httpx.Client) -> None:
    pid = native.pid_of(settings, "api")

    def left() -> tuple[int, int]:
        """Threads of consumers, and connections to Kafka."""
        names = Counter(_name(task) for task in Path(f"/proc/{pid}/task").iterdir())
        connections = psutil.Process(pid).net_connections()
        return (
            sum(count for name, count in names.items() if name.startswith(LIBRARY_THREADS)),
            sum(bool(c.raddr) and c.raddr.port == settings.kafka_port for c in connections),
        )

    def open_and_drop(_: int) -> None:
        def was_open() -> bool:
            with api.stream("GET", PATH) as answer:
                return answer.status_code == httpx.codes.OK

        eventually(was_open, "there is a place")

    before = left()
    with ThreadPoolExecutor(STREAMS_PER_KEY) as clients:
        list(clients.map(open_and_drop, range(100)))
    eventually(lambda: streams_open(api) == 0, "all streams are closed")
    eventually(lambda: left() <= before, f"threads and connections are {before} again")
    threads = [_name(task) for task in Path(f"/proc/{pid}/task").iterdir()]
    assert len(threads) < 30


def _name(task: Path) -> str:
    try:
        return (task / "comm").read_text().strip()
    except OSError:
        return "gone"


def test_a_stream_outlives_an_absence_of_kafka_and_loses_nothing(
    settings: Settings, api: httpx.Client
) -> None:
    with listening(api) as listener:
        publish(settings, *some("before-absence", 3))
        listener.alerts(3)
        native.stop_part(settings, "kafka")
        refused = api.get(PATH)
        assert "Kafka" in problem(refused, 503, "dependency-down")["detail"]
        assert int(refused.headers["retry-after"]) >= 1
        assert "still here" in listener.next().fields[""]
        native.start_part(settings, "kafka")
        publish(settings, *some("after-absence", 3))
        assert users(listener.alerts(3)) == [f"after-absence-{n}" for n in range(3)]


@contextmanager
def deaf(settings: Settings, key: str, for_s: int = 3_600) -> Iterator[socket.socket]:
    """A listener from the earliest alert on that reads no more than the beginning."""
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        opened.settimeout(20)
        opened.connect(("127.0.0.1", settings.api_port))
        head = f"GET {PATH}?for_s={for_s} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n"
        opened.sendall(f"{head}Last-Event-ID: 0.0.0.0\r\n\r\n".encode())
        assert opened.recv(12) == b"HTTP/1.1 200"
        yield opened


@pytest.fixture(scope="module")
def much(settings: Settings) -> None:
    """More than all buffers on the way to a client hold, for each of its listeners."""
    with caller(settings) as client:
        eventually(lambda: client.get("/readyz").is_success, "all parts are well")
    for number in range(12):
        publish(settings, message(f"much-{number}", model_version="m" * 2_000_000))


@pytest.mark.usefixtures("much")
def test_who_does_not_read_is_dropped_while_others_go_on(
    settings: Settings, api: httpx.Client
) -> None:
    key = settings.api_key_file.read_text()
    with ExitStack() as unread, listening(api) as listener:
        for _ in range(STREAMS_PER_KEY - 1):
            unread.enter_context(deaf(settings, key))
        eventually(lambda: streams_open(api) == STREAMS_PER_KEY, "all are open")
        eventually(lambda: streams_open(api) == 1, "they are dropped", timeout_s=15)
        publish(settings, message("still-heard"))
        assert users(listener.alerts(1)) == ["still-heard"]


@pytest.mark.usefixtures("much")
def test_an_unread_stream_ends_in_time_too(settings: Settings, api: httpx.Client) -> None:
    with deaf(settings, settings.api_key_file.read_text(), for_s=2):
        eventually(lambda: streams_open(api) == 1, "it is open")
        eventually(lambda: streams_open(api) == 0, "its time is over", timeout_s=6)


@pytest.mark.usefixtures("much")
def test_an_unread_stream_of_a_revoked_key_is_dropped(
    settings: Settings, api: httpx.Client
) -> None:
    key = new_key(settings, "deaf-listener", "read")
    with deaf(settings, key):
        eventually(lambda: streams_open(api) == 1, "it is open")
        for key_id in keys_of(settings, "deaf-listener"):
            revoke(settings, key_id)
        eventually(lambda: streams_open(api) == 0, "it is dropped", timeout_s=6)


def test_a_revoked_key_hears_no_more(settings: Settings, api: httpx.Client) -> None:
    path = settings.api_key_hashes
    now = datetime.now(UTC)
    with held(path):
        ring, key, text = read(path).with_new("listener", [Scope.READ], None, None, now)
        write(path, ring)
    with caller(settings) as client:
        client.headers["X-API-Key"] = text
        eventually(lambda: client.get("/v1/alerts").is_success, "the key is known")
        with listening(client) as listener:
            with held(path):
                write(path, read(path).without(key.key_id, datetime.now(UTC))[0])
            started = time.monotonic()
            assert listener.rest() == []
            assert time.monotonic() - started < 5
        problem(client.get(PATH), 401, "unauthorized")


def test_the_document_tells_of_the_stream(api: httpx.Client) -> None:
    route = api.get("/openapi.json").json()["paths"][PATH]["get"]
    assert list(route["responses"]["200"]["content"]) == ["text/event-stream"]
    assert {p["name"] for p in route["parameters"]} == {"level", "since", "for_s", "Last-Event-ID"}
    assert {"401", "403", "422", "429", "503"} <= set(route["responses"])


def test_an_api_that_is_told_to_end_ends_its_streams_at_once(
    settings: Settings, api: httpx.Client
) -> None:
    with listening(api) as listener, listening(api) as another:
        started = time.monotonic()
        native.stop_part(settings, "api")
        assert time.monotonic() - started < 3
        assert (listener.rest(), another.rest()) == ([], [])
        assert listener.seen[-1].fields[""] == "come again"
    log = layout_of(settings).log_of("api").read_text().splitlines()
    assert '"message":"stopped"' in log[-1]
    native.start_part(settings, "api")
    publish(settings, *some("while-away", 2))
    with listening(api, listener.last_id) as again:
        assert users(again.alerts(2)) == ["while-away-0", "while-away-1"]
