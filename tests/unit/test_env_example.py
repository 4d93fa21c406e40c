"""``.env.example`` is the list of all settings that a reader trusts."""

import re

from connectors.settings import Settings
from infra.native.layout import REPOSITORY

LINE = re.compile(r"^(?:# )?PROMO_([A-Z_]+)=(.*)$", re.MULTILINE)


def test_env_example_lists_every_setting_with_its_default() -> None:
    listed = dict(LINE.findall((REPOSITORY / ".env.example").read_text()))
    defaults = {
        name.upper(): "" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert listed == defaults
