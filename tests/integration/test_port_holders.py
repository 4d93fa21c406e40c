"""A part is ready when it answers itself, not somebody in its place."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.errors import StackError
from connectors.settings import Settings
from infra.native import stack as native
from infra.native.parts import Part
from infra.native.status import status
from tests.conftest import running_stack, stack_settings
from tests.impostor import impostor

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become another user")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A stack whose parts are restarted."""
    settings = stack_settings(tmp_path_factory.mktemp("holders"))
    with running_stack(settings, "redis", "clickhouse") as settings:
        yield settings


@pytest.mark.parametrize("part", ["redis", "clickhouse"])
def test_an_impostor_is_not_called_ready(
    running: Settings, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = native.part_named

    def hasty(settings: Settings, name: str) -> Part:
        return replace(named(settings, name), timeout_s=3)

    kind, port = {
        "redis": ("redis", running.redis_port),
        "clickhouse": ("http", running.clickhouse_port),
    }[part]
    monkeypatch.setattr(native, "part_named", hasty)
    native.stop_part(running, part)
    with impostor(port, kind) as heard:
        with pytest.raises(StackError, match=rf"port {port} is held by .*user nobody"):
            native.restart_part(running, part)
        assert not native.ready(running, part)
        (line,) = (line for line in status(running) if line.part == part)
        assert line.health != "ok"
        assert heard.words == ""
    monkeypatch.undo()
    native.restart_part(running, part)
    assert native.ready(running, part)
