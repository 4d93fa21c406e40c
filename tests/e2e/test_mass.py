"""A registration does not wait behind a mass of redemptions that were one transaction."""

from pathlib import Path

import pytest

from benchmarks.mass import MOST_BATCHES, wait_behind_a_mass
from stream_processors.scoring.__main__ import BATCH
from tests.conftest import running_stack, stack_settings
from tests.e2e.pipeline import Pipeline


@pytest.mark.timeout(300)
def test_a_registration_is_served_in_the_middle_of_a_mass(tmp_path: Path) -> None:
    with running_stack(stack_settings(tmp_path), "scoring-0", "connector") as settings:
        wait = wait_behind_a_mass(Pipeline(settings))

    assert wait.after > 0, "the mass was over before anybody signed up"
    assert wait.meanwhile <= MOST_BATCHES * BATCH
