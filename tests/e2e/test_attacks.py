"""The gate in a small size: every pack against a live stack, with the floors of `make attack`."""

from collections.abc import Mapping, Sequence

import pytest

from connectors.drain import wait_drained
from connectors.errors import SimulationError
from connectors.loading.write import current_lsn
from connectors.settings import Settings
from connectors.source.session import open_session
from ml.policy import Level
from ml.scorer import Judge
from simulator.gate.cast import CAST, Tale, packs_named, tales
from simulator.gate.core import Core
from simulator.gate.figures import figures
from simulator.gate.floors import checks
from simulator.gate.ledger import Account, Ledger
from simulator.gate.play import play
from simulator.gate.stream import Stack

SEEDS = (1, 2)
TWIN = packs_named("device_and_ip_only")
"""Three thousand accounts a seed: one is enough here."""

OTHERS = tuple(pack for pack in CAST if pack not in TWIN)
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def ledger(stack: Settings) -> Ledger:
    with open_session(stack, "tests") as session:
        wait_drained(stack, current_lsn(session))
    with Stack(stack) as arena:
        return play(arena, [*tales(OTHERS, SEEDS), *tales(TWIN, SEEDS[:1])]).ledger


def test_every_pack_is_played_and_every_floor_holds(ledger: Ledger) -> None:
    found = figures(ledger)

    assert [one.pack for one in found] == list(CAST)
    broken = [str(check) for check in checks(found) if not check.holds]
    assert not broken, "\n".join(broken)


def test_the_pure_core_says_what_the_live_stack_says(ledger: Ledger) -> None:
    core = play(Core(Judge()), ledger.tales).ledger

    assert _levels(core) == _levels(ledger)


def test_a_stack_that_has_seen_a_play_is_refused(stack: Settings, ledger: Ledger) -> None:
    with Stack(stack) as arena, pytest.raises(SimulationError, match="has not played before"):
        play(arena, ledger.tales[:5])


def _levels(ledger: Ledger) -> Sequence[Mapping[str, tuple[Level, Level | None]]]:
    """The latest level of each account, and that of its registration.

    A tale's past is written at once, so a worker's batches decide what its registrations saw.
    """
    return [
        {
            user: (account.level, account.at_registration if _is_played(account, tale) else None)
            for user, account in accounts.items()
        }
        for tale, accounts in zip(ledger.tales, ledger.accounts, strict=True)
    ]


def _is_played(account: Account, tale: Tale) -> bool:
    return account.created_at >= tale.start
