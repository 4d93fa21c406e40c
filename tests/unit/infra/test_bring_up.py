"""What is started and stopped, in which order; and what the supervisor is told."""

from configparser import ConfigParser
from pathlib import Path

import pytest
from supervisor.datatypes import dict_of_key_value_pairs

from connectors.errors import StackError
from connectors.settings import Settings
from infra.native.bring_up import chosen, levels
from infra.native.credentials import ensure_secrets, secret_fields
from infra.native.layout import Layout, layout_of
from infra.native.parts import Chore, Part, chores_of, environment_of, parts_of
from infra.native.supervision import Program, render
from infra.native.tools import find_tools


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a stack that is not started."""
    return Settings(_env_file=None, state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


def _table(settings: Settings) -> tuple[tuple[Part, ...], tuple[Chore, ...]]:
    layout, tools = layout_of(settings), find_tools()
    return parts_of(settings, layout, tools), chores_of(settings, layout, tools)


def _names(steps: list[Part | Chore]) -> set[str]:
    return {step.name for step in steps}


def test_a_part_brings_what_it_needs_and_what_that_makes_possible(settings: Settings) -> None:
    parts, chores = _table(settings)
    assert _names(chosen(parts, chores, ["connect"])) == {"connect", "kafka", "topics"}
    assert _names(chosen(parts, chores, ["connector"])) == {
        *("connect", "kafka", "topics", "postgres", "schema", "connector")
    }
    assert len(chosen(parts, chores, None)) == len(parts) + len(chores)


def test_an_unknown_part_is_refused_with_the_list_of_parts(settings: Settings) -> None:
    with pytest.raises(StackError, match=r"no part kafak.*kafka"):
        chosen(*_table(settings), ["kafak"])


def test_whatever_a_part_needs_starts_before_it_and_stops_after_it(settings: Settings) -> None:
    parts, chores = _table(settings)
    order = [name for group in levels(parts, chores) for name in group]
    assert sorted(order) == sorted(part.name for part in parts)
    for part in parts:
        for need in set(part.needs) & set(order):
            assert order.index(need) < order.index(part.name)


def test_each_scoring_worker_is_a_part_with_a_port_of_its_own(settings: Settings) -> None:
    parts, _ = _table(settings.model_copy(update={"scoring_workers": 3}))
    workers = [part for part in parts if part.name.startswith("scoring-")]
    assert len({part.ports[0].number for part in workers}) == 3


def test_no_two_parts_share_a_default_port(settings: Settings) -> None:
    parts, _ = _table(settings)
    ports = [port.number for part in parts for port in part.ports]
    assert len(ports) == len(set(ports))


def test_what_another_system_hands_out_is_not_made_up(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state", tmp_path / "cache")
    layout.make()

    filled = ensure_secrets(Settings(_env_file=None), layout)

    assert filled.grafana_token is None
    assert filled.grafana_webhook_url is None
    assert not list(layout.secrets.glob("promo_grafana_*"))


def test_secrets_are_made_once_private_and_stay_out_of_the_environment(
    settings: Settings,
) -> None:
    layout = layout_of(settings)
    layout.make()
    first = ensure_secrets(settings, layout)
    second = ensure_secrets(settings, layout)
    environment = environment_of(first, layout)
    for name in secret_fields():
        secret = getattr(first, name).get_secret_value()
        assert secret == getattr(second, name).get_secret_value()
        assert secret not in environment.values()
    assert {file.stat().st_mode & 0o777 for file in layout.secrets.iterdir()} == {0o600}
    assert layout.secrets.stat().st_mode & 0o777 == 0o700


def test_the_supervisor_reads_back_what_it_was_told(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "50% of; it", tmp_path)
    environment = {"PLAIN": "a", "ODD": 'per%cent, "quoted" = \\ and #', "SPACE": "a b"}
    program = Program("x", ["/bin/a b", 'say "50%"; done'], environment, "/", "TERM", 5)
    parser = ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(" ;",))
    parser.read_string(render(layout, [program]))
    section = parser["program:x"]
    read = dict_of_key_value_pairs(section["environment"].replace("%%", "%"))
    assert read == environment
    assert section["autorestart"] == "true"
