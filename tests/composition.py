"""docker-compose.yml as tests read it: anchors resolved, nothing interpolated."""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import yaml

from infra.native.layout import REPOSITORY

FILE = REPOSITORY / "docker-compose.yml"
IMAGE = "promo-sentinel:0.1.0"

Service = Mapping[str, Any]


@cache
def composition() -> Mapping[str, Any]:
    """The whole file, without what is only there to be merged into services."""
    whole: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return {key: value for key, value in whole.items() if not key.startswith("x-")}


def services() -> Mapping[str, Service]:
    """Every service by its name."""
    found: Mapping[str, Service] = composition()["services"]
    return found


def python_services() -> Mapping[str, Service]:
    """Those that run this project's own code."""
    return {name: one for name, one in services().items() if one["image"] == IMAGE}


def jobs() -> Mapping[str, Service]:
    """Those that end when they are done, and that others wait for."""
    return {name: one for name, one in services().items() if one["restart"] == "on-failure:5"}


def settings_of(service: Service) -> Mapping[str, str]:
    """What a service's environment says of ``PROMO_`` settings."""
    return {k: v for k, v in service["environment"].items() if k.startswith("PROMO_")}


def modules_of(service: Service) -> list[str]:
    """The Python modules that a service's command runs."""
    words = " ".join(service["command"]).replace(";", " ").split()
    return [name for flag, name in pairwise(words) if flag == "-m"]
