"""What would have changed under another policy or model: levels, alerts, money, rules, accounts."""

import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from connectors.errors import BundleError, PolicyError
from connectors.events import Change, Labelled, Origin
from connectors.settings import Settings, load_settings
from ml.backtest.comparison import Comparison, compare
from ml.backtest.judges import Trial, present, promoted, tried
from ml.backtest.report import document, text
from ml.bundle import publish
from ml.memory_store import MemoryStore
from ml.policy import STANDARD, Level, Policy
from ml.rules.book import RuleChange, changed
from ml.rules.rule import Mode
from ml.scorer import Judge
from tests.unit.ml.builders import account, code_defined, redeemed, registered
from tests.unit.ml.bundles import bundle


def policy(**change: object) -> Policy:
    """The shared device alone speaks, changed so."""
    others = {rule.name: RuleChange(mode=Mode.OFF) for rule in STANDARD.rules}
    return Policy(rules=changed({**others, "shared_device": RuleChange(**change)}))  # type: ignore[arg-type]


MILD, HARSH = policy(first=0.35), policy(first=0.9)
FREE, SHADOWED = policy(mode=Mode.OFF), policy(mode=Mode.SHADOW)

PAIR: tuple[Change, ...] = (
    code_defined(),
    registered(account("anna", device="d"), label=True),
    registered(account("ben", hours=0.1, device="d"), label=False),
    registered(account("cleo", hours=0.2)),
    redeemed("anna", usage_id=1),
)


def compared(before: Policy, after: Policy, changes: tuple[Change, ...] = PAIR) -> Comparison:
    store = MemoryStore()
    store.apply(changes)
    return compare(store, Judge(policy=before), Judge(policy=after))


def test_the_same_judge_changes_nothing() -> None:
    found = compared(MILD, MILD)
    assert found.accounts == 3
    assert not found.changed
    assert all(old == new for old, new in found.levels)


def test_a_heavier_rule_gains_alerts_their_value_and_their_labels() -> None:
    found = compared(MILD, HARSH)
    assert found.levels[Level.MEDIUM, Level.CRITICAL] == 2
    assert found.levels[Level.LOW, Level.LOW] == 1
    assert (found.gained.accounts, found.gained.abusers, found.gained.honest) == (2, 1, 1)
    assert (found.gained.value, found.gained.unvalued) == (Decimal(10), 1)
    assert found.lost.accounts == 0
    assert found.after == found.gained


def test_a_rule_that_is_switched_off_loses_what_it_alerted() -> None:
    found = compared(HARSH, FREE)
    assert found.lost.accounts == 2
    assert found.gained.accounts == 0
    assert {(one.user_id, one.lost, one.gained) for one in found.changed} == {
        ("anna", True, False), ("ben", True, False),
    }  # fmt: skip


def test_a_percentage_makes_the_value_a_lower_bound() -> None:
    percent = (code_defined(kind="percentage", value="20", minimum="50"), *PAIR[1:])
    found = compared(MILD, HARSH, percent)
    assert (found.gained.value, found.gained.lower_bound) == (Decimal(10), True)
    shown = text(found, Judge(), Judge(policy=HARSH), 5, "EUR")
    assert "at least 10.00, unknown for 1" in shown
    assert "at least 10.00 EUR" in shown


def test_an_analysts_label_stands_above_the_shops() -> None:
    word = Labelled("anna", False, Origin(5, 5))
    assert compared(MILD, HARSH, (*PAIR, word)).gained.honest == 2


def test_rules_are_counted_with_what_they_weigh_and_in_shadow_too() -> None:
    before, after = compared(SHADOWED, HARSH).rules["rule.shared_device"]
    assert (before.acting, before.shadow) == (0, 2)
    assert (after.acting, after.shadow) == (2, 0)
    assert after.weight > 1.7


def test_the_accounts_to_look_at_come_by_the_size_of_the_change() -> None:
    others = tuple(
        registered(account(f"u{n}", hours=n, phone=f"p{n // 2}", device="d" if n < 1 else None))
        for n in range(4)
    )
    found = compared(MILD, HARSH, (*PAIR, *others))
    sizes = [abs(one.after - one.before) for one in found.changed]
    assert sizes == sorted(sizes, reverse=True)
    ties = [one.user_id for one in found.changed if abs(one.after - one.before) == sizes[0]]
    assert ties == sorted(ties)
    report = document(found, Judge(), Judge(policy=HARSH), limit=1)
    assert len(report["look_at"]) == 1
    assert report["changed"] == len(found.changed)
    assert report["look_at"][0]["reasons"][0]["code"] == "rule.shared_device"


def test_a_report_is_the_same_whatever_the_order_of_arrival() -> None:
    judges = (Judge(policy=MILD), Judge(policy=HARSH))
    one, other = (
        document(compared(MILD, HARSH, changes), *judges, limit=9)
        for changes in (PAIR, tuple(reversed(PAIR)))
    )
    assert one == other
    assert orjson.dumps(one)


def test_promoting_turns_shadow_rules_into_acting_ones_alone() -> None:
    mixed = Policy(
        rules=changed(
            {
                "shared_device": RuleChange(mode=Mode.SHADOW),
                "shared_phone": RuleChange(mode=Mode.OFF),
            }
        )
    )
    modes = {rule.name: rule.mode for rule in promoted(mixed).rules}
    assert (modes["shared_device"], modes["shared_phone"]) == (Mode.ACTING, Mode.OFF)


def settings_in(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, state_dir=folder, **more)  # type: ignore[arg-type]


def test_the_present_judge_is_the_running_bundle_under_the_policy_that_holds(
    tmp_path: Path,
) -> None:
    (tmp_path / "policy.toml").write_text("[levels]\nhigh = 0.5\n")
    settings = settings_in(tmp_path, policy_file=tmp_path / "policy.toml")
    assert present(settings).model is None
    publish(bundle("20261123T081500-000001"), settings.models_dir)
    judge = present(settings)
    assert judge.model is not None
    assert judge.model.bundle.version == "20261123T081500-000001"
    assert judge.policy.boundaries.high == 0.5


def test_a_trial_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    publish(bundle("20261123T081500-000001"), settings.models_dir)
    before = present(settings)
    (tmp_path / "other.toml").write_text('[rules.shared_device]\nmode = "off"\n')

    after = tried(settings, before, Trial(policy=tmp_path / "other.toml"))
    assert after.model is before.model
    assert after.policy.rules != before.policy.rules
    rules = tried(settings, before, Trial(model="rules"))
    assert rules == replace(before, model=None)
    assert tried(settings, before, Trial()) == before


def test_promoting_takes_the_challenger_where_there_is_one(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    publish(bundle("20261123T081500-000002"), settings.models_dir)
    publish(bundle("20261123T081500-000001"), settings.models_dir)
    before, trial = present(settings), Trial(promote_shadow=True)
    assert tried(settings, before, trial).model is before.model
    (settings.models_dir / "challenger").symlink_to("20261123T081500-000002")
    after = tried(settings, before, trial).model
    assert after is not None
    assert after.bundle.version == "20261123T081500-000002"


def test_what_cannot_be_tried_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    before = present(settings)
    with pytest.raises(BundleError, match="no-such"):
        tried(settings, before, Trial(model="no-such"))
    with pytest.raises(PolicyError, match="no-such"):
        tried(settings, before, Trial(policy=tmp_path / "no-such.toml"))


def run(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ml.backtest", *arguments],
        env={"PROMO_STATE_DIR": str(state), "PATH": ""},
        text=True,
        capture_output=True,
    )


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    done = run(tmp_path, "--folder", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert done.stderr.startswith("backtest: cannot read")
    assert run(tmp_path, "--folder", ".", "--model", "gone").returncode == 1
    assert run(tmp_path, "--limit", "-1").returncode == 2


def test_the_noaat_folder_under_a_mailbox_rule_that_challenges(tmp_path: Path) -> None:
    folder = load_settings().noaat_dir
    if not folder.is_dir():
        pytest.skip(f"the Noaat data are not in {folder}: set PROMO_NOAAT_DIR")
    written, out = tmp_path / "policy.toml", tmp_path / "report.json"
    written.write_text("[rules.shared_mailbox]\nfirst = 0.6\nlimit = 0.9\n")
    arguments = ("--folder", str(folder), "--policy", str(written), "--json", str(out))

    done = run(tmp_path, *arguments)

    assert done.returncode == 0, done.stderr
    report = orjson.loads(out.read_bytes())
    # So many accounts of the files share a mailbox (the reason in ml/rules/sharing.py).
    before, after = (report["rules"]["rule.shared_mailbox"][side] for side in ("before", "after"))
    assert (before["acting"], after["acting"]) == (326, 326)
    assert after["weight"] > before["weight"]
    assert report["changed"] == 326
    assert report["alerts"]["lost"]["accounts"] == 0
    assert sum(row["accounts"] for row in report["levels"]) == report["accounts"] == 8_998
    assert (
        run(tmp_path, *arguments).stdout.split("\nbacktest:")[0]
        == (done.stdout.split("\nbacktest:")[0])
    )
