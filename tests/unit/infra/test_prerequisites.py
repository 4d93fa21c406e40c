"""A machine that lacks something is told what, and where to get it."""

from pathlib import Path

import pytest

from connectors.errors import StackError
from infra.native import prerequisites
from infra.native.layout import Layout
from infra.native.prerequisites import (
    OF_TESTS,
    PREREQUISITES,
    check_disk,
    ensure_prerequisites,
)
from infra.native.tools import Tools, major_version


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Folders that exist."""
    made = Layout(tmp_path / "state", tmp_path / "cache")
    made.make()
    return made


def test_a_machine_without_programs_and_apt_is_told_the_packages(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(StackError) as caught:
        ensure_prerequisites(layout)
    message = str(caught.value)
    for package in ("openjdk-17-jre-headless", "redis-server", "maven"):
        assert package in message


def test_a_program_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000'\n")
    old.chmod(0o755)
    (redis,) = [p for p in PREREQUISITES if "redis-server" in p.packages]
    lack = redis.lacks(Tools(java="", postgres=Path(), redis=str(old), maven=""))
    assert lack == f"{old} is version 6.0, 6.2 is needed"


def test_what_only_tests_need_is_looked_for_only_for_them(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[tuple[str, ...]]] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(prerequisites, "FONTS", tmp_path)
    monkeypatch.setattr(prerequisites, "can_install", lambda: True)
    monkeypatch.setattr(prerequisites, "install", asked.append)

    for wanted in (PREREQUISITES, OF_TESTS):
        with pytest.raises(StackError, match="still missing"):
            ensure_prerequisites(layout, wanted)

    for_the_stack, for_tests = ([packages[0] for packages in each] for each in asked)
    assert "redis-server" in for_the_stack
    assert "chromium" not in for_the_stack
    assert for_tests == ["curl", "procps", "chromium", "fonts-dejavu-core"]


def test_a_machine_that_has_all_programs_and_a_font_lacks_nothing_for_tests(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for program in ("curl", "free", "chromium", "font.ttf"):
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(prerequisites, "FONTS", tmp_path)

    ensure_prerequisites(layout, OF_TESTS)


def test_a_full_disk_is_named(layout: Layout) -> None:
    with pytest.raises(StackError, match="PROMO_STATE_DIR"):
        check_disk(layout, needed_bytes=10**18)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", (15, 18)),
        ("17.0.15", (17, 0)),
        ("21", (21, 0)),
        ("", (0, 0)),
    ],
)
def test_versions_are_read_from_what_programs_say(text: str, version: tuple[int, int]) -> None:
    assert major_version(text) == version
