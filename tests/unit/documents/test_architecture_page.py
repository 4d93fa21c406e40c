"""The architecture's tables say what the code, the native stack and the compose file say."""

import re
from pathlib import Path

import yaml

from connectors.topics import (
    DAY_MS,
    SCORING_SOURCES,
    TOPICS,
    WAREHOUSE_SOURCES,
    Topic,
    is_compacted,
)
from infra.native.apart import stack_settings
from infra.native.layout import REPOSITORY, layout_of
from infra.native.parts import chores_of, parts_of
from infra.native.tools import Tools
from tests.pages import page_at

PAGE = page_at("docs/architecture.md")
NOT_OF_THE_STACK = {"make simulate", "make …"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose head begins with a word, its head left out."""
    table = PAGE.text.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_the_table_of_topics_is_the_one_that_makes_them() -> None:
    def kept(topic: Topic) -> str:
        if is_compacted(topic):
            return "compacted"
        if topic is Topic.HEARTBEATS:
            return "10 minutes"
        days = int(TOPICS[topic].config["retention.ms"]) // DAY_MS
        return f"{days} day" if days == 1 else f"{days} days"

    assert rows("topic") == [
        [
            f"`{topic}`",
            spec.key,
            "n" if spec.partitions is None else str(spec.partitions),
            kept(topic),
            "yes" if topic in (*SCORING_SOURCES, Topic.HEARTBEATS) else "",
            "yes" if topic in (*WAREHOUSE_SOURCES, Topic.HEARTBEATS) else "",
        ]
        for topic, spec in TOPICS.items()
    ]


def test_every_part_and_every_container_is_in_the_table_of_both_ways() -> None:
    settings = stack_settings(REPOSITORY / ".run")
    layout = layout_of(settings)
    nowhere = Tools(java="", postgres=Path(), redis="", maven="")
    native = {one.name for one in parts_of(settings, layout, nowhere)}
    native |= {one.name for one in chores_of(settings, layout, nowhere)}
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    table = rows("what | natively")

    shown = {name for row in table for name in re.findall(r"`([^`]+)`", row[1])}
    contained = {name for row in table for name in re.findall(r"`([^`]+)`", row[2])}
    assert shown - NOT_OF_THE_STACK == native
    assert contained == set(compose["services"])
