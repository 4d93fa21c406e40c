"""How fast the API answers, with the stream idle and while it ingests.

The API has one core to itself, the load comes from a process on another. Beside it, in turn, the
least that FastAPI can do for the same look-up: the difference is what keys, limits, metrics, logs
and headers cost. The API's key has a limit that is never reached, so that limits are counted.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from urllib.parse import quote

import httpx
import orjson
import psutil

from benchmarks.figures import Figure, Section, Table
from benchmarks.http_load import Answers, Load, apply, request_text
from benchmarks.lags import LAGS, LagMeter
from benchmarks.pace import write_paced
from benchmarks.workbench import Workbench
from connectors.drain import wait_drained
from connectors.settings import Settings
from infra.native import stack as native
from infra.native.apart import free_ports
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from tests.integration.api_keys import new_key
from tests.reading import eventually
from warehouse.client import reader

API_CORE, LOAD_CORE = 0, 1
CONNECTIONS, SECONDS = 16, 8.0
LOOKUPS, LOOKUP_P99_MS, SCORINGS, SHARE = 2_500.0, 8.0, 1_000.0, 0.6
INGESTED = 500.0
NEVER_REACHED = 100_000_000
USERS = 2_000


@dataclass(frozen=True, slots=True)
class Trial:
    """One load and what came of it."""

    what: str
    load: str
    answers: Answers


def measure(bench: Workbench) -> Section:
    """Ask for eight seconds in each way; look-ups and their peer twice, in turn."""
    settings = bench.live
    wait_drained(settings)
    requests = _requests(settings)
    with _pinned(settings), _peer(settings) as port:
        idle = [*_idle(settings, requests, port), *_idle(settings, requests, port)]
        steady = [
            _trial(settings, requests, "look-up", rate=LOOKUPS),
            _trial(settings, requests, "scoring", rate=SCORINGS),
        ]
    with LagMeter(settings) as meter, _ingesting(bench, settings, meter):
        busy = [
            _trial(settings, requests, what, rate=rate)
            for what in ("look-up", "scoring")
            for rate in (0.0, 500.0)
        ]
    lags = {name: max(sample.lags[name] for sample in meter.samples) for name in LAGS}
    wait_drained(settings)
    return _section(idle, steady, busy, lags)


def _idle(settings: Settings, requests: dict[str, list[str]], port: int) -> list[Trial]:
    peer = Load("127.0.0.1", port, requests["peer"], SECONDS, CONNECTIONS)
    return [
        Trial("minimal route", "closed", apply(peer, LOAD_CORE)),
        _trial(settings, requests, "look-up"),
        _trial(settings, requests, "scoring"),
    ]


def _trial(
    settings: Settings, requests: dict[str, list[str]], what: str, rate: float = 0.0
) -> Trial:
    load = Load(
        settings.api_host,
        settings.api_port,
        requests[what],
        SECONDS,
        CONNECTIONS if rate == 0 else 4 * CONNECTIONS,
        rate,
    )
    named = f"open, {rate:,.0f}/s" if rate else f"closed, {CONNECTIONS} connections"
    trial = Trial(what, named, apply(load, LOAD_CORE))
    print(f"  {what}, {named}: {trial.answers.rate:,.0f}/s", flush=True)
    if trial.answers.statuses.keys() != {"200"}:
        raise RuntimeError(f"not all were answered well: {trial.answers.statuses}")
    return trial


def _requests(settings: Settings) -> dict[str, list[str]]:
    """Look-ups of accounts that have a risk, and registrations of people nobody has seen."""
    key = {"X-API-Key": new_key(settings, "bench", "read,score", per_minute=NEVER_REACHED)}
    client = reader(settings)
    found = client.query("SELECT user_id FROM users FINAL ORDER BY user_id LIMIT 2000").result_rows
    client.close()
    users = [quote(str(row[0]), safe="") for row in found]
    return {
        "peer": [request_text("GET", f"/users/{user}/risk") for user in users],
        "look-up": [request_text("GET", f"/v1/users/{user}/risk", key) for user in users],
        "scoring": [
            request_text("POST", "/v1/score", key, orjson.dumps({"registration": person}))
            for person in islice(_people(), USERS)
        ],
    }


def _people() -> Iterator[dict[str, object]]:
    """Registrations, a third of which share a device with two more."""
    for number in count():
        device = f"device-{number // 3 if number % 9 < 3 else number}"
        yield {
            "user_id": f"asked-{number}",
            "created_at": "2026-03-01T10:00:00Z",
            "email": f"person.{number}@example.com",
            "is_email_verified": number % 2 == 0,
            "phone": f"1415555{number:04d}",
            "first_name": "Ada",
            "last_name": "King",
            "ip_address": f"203.0.{number % 256}.{number // 256}",
            "device_id": device,
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "dob": "1991-12-10",
            "timezone": "America/Chicago",
        }


@contextmanager
def _pinned(settings: Settings) -> Iterator[None]:
    """The API on one core alone."""
    process = psutil.Process(native.pid_of(settings, "api"))
    everywhere = os.sched_getaffinity(0)
    threads = [thread.id for thread in process.threads()]
    for thread in threads:
        os.sched_setaffinity(thread, {API_CORE})
    try:
        yield
    finally:
        for thread in threads:
            os.sched_setaffinity(thread, everywhere)


@contextmanager
def _peer(settings: Settings) -> Iterator[int]:
    """The minimal API on the same core; its port."""
    (port,) = free_ports()
    environment = os.environ | environment_of(settings, layout_of(settings))
    del environment["PROMO_STACK"]
    command = ["taskset", "--cpu-list", str(API_CORE), sys.executable]
    with subprocess.Popen(
        [*command, "-m", "benchmarks.peers.minimal_api", str(port)],
        cwd=REPOSITORY,
        env=environment,
    ) as process:
        try:
            eventually(lambda: _answers(port), "the peer answers")
            yield port
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/docs", trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def _ingesting(bench: Workbench, settings: Settings, meter: LagMeter) -> Iterator[None]:
    """Rows at a steady rate for as long as the block takes."""
    stop, rows = threading.Event(), bench.mix.endless()

    def write() -> None:
        while not stop.is_set():
            write_paced(settings, rows, INGESTED, 2.0, transactions=50.0, on_commit=meter.committed)

    writer = threading.Thread(target=write, name="ingest")
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def _section(
    idle: Sequence[Trial], steady: Sequence[Trial], busy: Sequence[Trial], lags: dict[str, float]
) -> Section:
    best = {what: max((t.answers for t in idle if t.what == what), key=lambda a: a.rate)
            for what in ("minimal route", "look-up", "scoring")}  # fmt: skip
    lookups, scorings = best["look-up"], best["scoring"]
    share = lookups.rate / best["minimal route"].rate
    worst = max(lags.values()) / INGESTED
    return Section(
        "What the API answers",
        [
            Figure(
                "risk look-ups on one core",
                f"{lookups.rate:,.0f}/s, p99 {lookups.p99_ms:.1f} ms",
                {"per_s": lookups.rate, "p99_ms": lookups.p99_ms},
                f"≥ {LOOKUPS:,.0f}/s, p99 < {LOOKUP_P99_MS:.0f} ms",
                lookups.rate >= LOOKUPS and lookups.p99_ms < LOOKUP_P99_MS,
            ),
            Figure(
                "look-ups beside a minimal FastAPI route",
                f"{share:.0%} of its {best['minimal route'].rate:,.0f}/s",
                {"share": share, "minimal_per_s": best["minimal route"].rate},
                f"≥ {SHARE:.0%}",
                share >= SHARE,
            ),
            Figure(
                "scorings on one core",
                f"{scorings.rate:,.0f}/s, p99 {scorings.p99_ms:.1f} ms",
                {"per_s": scorings.rate, "p99_ms": scorings.p99_ms},
                f"≥ {SCORINGS:,.0f}/s",
                scorings.rate >= SCORINGS,
            ),
            Figure(
                f"the stream's lag meanwhile, at {INGESTED:,.0f} events/s",
                f"{worst:.1f} s of traffic at most",
                {f"{name}_events": value for name, value in lags.items()},
            ),
        ],
        (_table("Stream idle", [*idle, *steady]),
         _table(f"While the stream ingests {INGESTED:,.0f} events/s", busy)),
        (
            f"{SECONDS:.0f} s each; the API on one core, the load generator on the other, Redis"
            " where there is room. Open loop: a time counts from when its request was due. While"
            " the stream ingests, all parts, the load and the rows' writer share both cores, and"
            " the API is pinned to none.",
            "Look-ups beside the minimal route: the best of two runs of each, in turn.",
        ),
    )  # fmt: skip


def _table(title: str, trials: Sequence[Trial]) -> Table:
    rows = [
        (t.what, t.load, f"{t.answers.rate:,.0f}", f"{t.answers.p50_ms:.1f}",
         f"{t.answers.p99_ms:.1f}", f"{t.answers.most_ms:.1f}")
        for t in trials
    ]  # fmt: skip
    return Table(title, ("what", "load", "answers/s", "p50 ms", "p99 ms", "most ms"), rows)
