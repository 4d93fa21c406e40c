"""How soon each place says that rows do not arrive, and how soon all is well after the remedy.

One fault after the other is made at the source or in a part, and mended as its remedy says.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import httpx
import psycopg

from benchmarks.figures import Figure, Section
from benchmarks.workbench import Workbench
from connectors.debezium.slot import SLOT
from connectors.errors import DependencyDown
from connectors.pipeline_health import Problem, address, ask_monitor
from connectors.settings import Settings, required
from infra.native import stack as native
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import environment_of
from infra.native.tools import find_tools
from stream_processors.reconcile.__main__ import reconcile
from tests.reading import eventually
from tests.source_faults import FAULTS, Superuser, follow, superuser_of
from warehouse.client import reader

PATIENCE_S, PAUSE_S = 90.0, 0.5
TOLD_S = 60.0
"""Every place has to say it by then: a stage is late after 30 s, and is looked at every 10 s."""

PLACES = ("metrics", "readyz", "alert", "status")

_SOURCE = (
    "the publication is dropped", "a table is taken out", "no deletions are published",
    "old rows are not sent", "a column is renamed", "a column is generated", "TRUNCATE is let in",
)  # fmt: skip
_ALERT = (REPOSITORY / "grafana/queries/alert_rows_not_arriving.sql").read_text()


@dataclass(frozen=True, slots=True)
class Ill:
    """A running stack that faults are made in."""

    settings: Settings
    superuser: Superuser

    def run(self, statement: str) -> None:
        """As a superuser."""
        self.superuser.execute(statement.encode())

    def mend_at_source(self, said: Problem) -> None:
        """As the remedy says; where it leaves rows to be compared, they are."""
        follow(said.remedy, self.superuser)

    def compare(self, _: Problem) -> None:
        """``make reconcile APPLY=1``."""
        reconcile(self.settings, mends=True)


@dataclass(frozen=True, slots=True)
class Illness:
    """A fault with what is said of it.

    Attributes:
        name: for people.
        what: is in every place that says it.
        remedy: in short, what each place says in full.
        make: makes it.
        mend: does what the remedy says.
    """

    name: str
    what: str
    remedy: str
    make: Callable[[Ill], None]
    mend: Callable[[Ill, Problem], None]


@dataclass(frozen=True, slots=True)
class Told:
    """Seconds from the fault to each place that said it, and from the remedy to health."""

    illness: Illness
    told_s: Mapping[str, float]
    well_s: float


def illnesses() -> Iterator[Illness]:
    """Those of the source, then those of the parts."""
    faults = {fault.name: fault for fault in FAULTS}
    for name in _SOURCE:
        fault = faults[name]
        yield Illness(
            name,
            fault.what,
            "the statement that is said",
            partial(Ill.run, statement=fault.statement),
            Ill.mend_at_source,
        )
    yield Illness(
        "rows were truncated",
        "table promo_codes was truncated",
        "`make reconcile APPLY=1`",
        _truncate,
        Ill.compare,
    )
    yield Illness(
        "somebody else reads the slot",
        f"somebody else reads slot {SLOT}",
        "the statement that is said",
        _read,
        _end_reader,
    )
    for part, what in (
        ("scoring-0", "no row gets through scoring-0"),
        ("warehouse", "no row gets through warehouse"),
        ("redis", "no row arrives in redis"),
    ):
        yield Illness(
            f"{part} hangs",
            what,
            f"`make restart PART={part} KILL=1`",
            partial(_stop, part=part),
            partial(_restart, part=part),
        )
    yield Illness(
        "the slot is dropped, and Debezium makes it again",
        f"replication slot {SLOT} was dropped and made again",
        "`make reconcile APPLY=1`",
        _drop_slot,
        Ill.compare,
    )


def measure(bench: Workbench, wanted: Sequence[str] = ()) -> Section:
    """Make each illness, or those that are named, and mend it."""
    settings = bench.live
    with superuser_of(settings) as superuser:
        ill = Ill(settings, superuser)
        found = [_told(ill, one) for one in illnesses() if not wanted or one.name in wanted]
    return Section(
        "How soon it is told that rows do not arrive",
        [_figure(told) for told in found],
        notes=(
            "Seconds from the fault until each place says it by name (the monitor's metrics,"
            " `/readyz`, the alert's question, which Grafana asks every ten seconds, and"
            " `make status`, asked one after the other), and from the remedy's end until"
            " nothing is said any more.",
        ),
    )


def _told(ill: Ill, illness: Illness) -> Told:
    eventually(lambda: _said(ill.settings) == [], "all is well before", timeout_s=PATIENCE_S)
    began = time.monotonic()
    illness.make(ill)
    told_s = _until_told(ill.settings, illness.what, began)
    said = next(p for p in _said(ill.settings) if illness.what in p.what)
    illness.mend(ill, said)
    mended = time.monotonic()
    # What was lost meanwhile is compared before all is well; `make reconcile` says when it was.
    eventually(
        lambda: not any(p.is_present for p in _said(ill.settings)), "well", timeout_s=PATIENCE_S
    )
    well_s = time.monotonic() - mended
    if _said(ill.settings):
        reconcile(ill.settings, mends=True)
    print(f"  {illness.name}: {told_s}, well after {well_s:.0f} s", flush=True)
    return Told(illness, told_s, well_s)


def _said(settings: Settings) -> Sequence[Problem]:
    return list(ask_monitor(settings).problems)


def _until_told(settings: Settings, what: str, began: float) -> dict[str, float]:
    """Asks every place at once, each in a thread of its own."""
    told_s: dict[str, float] = {}

    def ask(place: str, text: Callable[[], str]) -> None:
        while time.monotonic() - began < PATIENCE_S:
            with suppress(httpx.HTTPError, DependencyDown):
                if what in text():
                    told_s[place] = time.monotonic() - began
                    return
            time.sleep(PAUSE_S)

    asking = [threading.Thread(target=ask, args=place) for place in _places(settings).items()]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    silent = set(PLACES) - told_s.keys()
    if silent:
        raise AssertionError(f"{what!r} was not said by {', '.join(sorted(silent))}")
    return told_s


def _places(settings: Settings) -> Mapping[str, Callable[[], str]]:
    metrics = address(settings).rpartition("/")[0] + "/metrics"
    environment = os.environ | environment_of(settings, layout_of(settings))

    def page(url: str) -> str:
        return httpx.get(url, trust_env=False, timeout=5).text

    def alert() -> str:
        with reader(settings) as client:
            return str(client.query(_ALERT).result_rows)

    def status() -> str:
        command = [sys.executable, "-m", "infra.native", "status"]
        return subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True
        ).stdout

    return {
        "metrics": lambda: page(metrics),
        "readyz": lambda: page(f"{settings.api_url}/readyz"),
        "alert": alert,
        "status": status,
    }


def _stop(ill: Ill, part: str) -> None:
    os.kill(native.pid_of(ill.settings, part), signal.SIGSTOP)


def _restart(ill: Ill, _: Problem, part: str) -> None:
    """``make restart PART=… KILL=1``."""
    native.restart_part(ill.settings, part, kill=True)


def _truncate(ill: Ill) -> None:
    """Around the guard, as a superuser may."""
    ill.run("ALTER TABLE promo_codes DISABLE TRIGGER no_truncate")
    ill.run("TRUNCATE promo_codes")
    ill.run("ALTER TABLE promo_codes ENABLE ALWAYS TRIGGER no_truncate")


def _push_off(ill: Ill) -> None:
    ill.run(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
        f" WHERE slot_name = '{SLOT}' AND active_pid IS NOT NULL"
    )


def _drop_slot(ill: Ill) -> None:
    _push_off(ill)
    eventually(partial(_dropped, ill), "Debezium lets go of the slot")


def _dropped(ill: Ill) -> bool:
    try:
        ill.run(f"SELECT pg_drop_replication_slot('{SLOT}')")
    except psycopg.errors.ObjectInUse:
        return False
    return True


_readers: list[subprocess.Popen[bytes]] = []


def _read(ill: Ill) -> None:
    """Push Debezium off its slot and take its place, before it comes back."""

    def holds() -> bool:
        _push_off(ill)
        process = subprocess.Popen(_reading(ill.settings), env=_as_debezium(ill.settings))
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            _readers.append(process)
            return True
        return False  # Debezium was there first

    eventually(holds, "somebody else reads the slot", timeout_s=PATIENCE_S)


def _end_reader(ill: Ill, _: Problem) -> None:
    _push_off(ill)
    while _readers:
        _readers.pop().wait(PATIENCE_S)


def _reading(settings: Settings) -> list[str]:
    program = find_tools().postgres / "pg_recvlogical"
    return [
        str(program), "--start", "--no-loop", f"--slot={SLOT}", "--host=127.0.0.1",
        f"--port={settings.postgres_port}", "--username=promo_cdc", "--file=/dev/null",
        f"--dbname={settings.postgres_database}", "--option=proto_version=1",
        "--option=publication_names=promo",
    ]  # fmt: skip


def _as_debezium(settings: Settings) -> dict[str, str]:
    return os.environ | {"PGPASSWORD": required(settings.postgres_cdc_password, "cdc")}


def _figure(told: Told) -> Figure:
    latest = max(told.told_s.values())
    places = ", ".join(f"{place} {told.told_s[place]:.0f} s" for place in PLACES)
    return Figure(
        told.illness.name,
        f"{places}; well after {told.well_s:.0f} s",
        {
            **{f"{place}_s": seconds for place, seconds in told.told_s.items()},
            "well_s": told.well_s,
        },
        f"at most {TOLD_S:.0f} s",
        latest <= TOLD_S,
    )
