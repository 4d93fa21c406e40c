"""The feature store's properties over a thousand random histories each.

``make check`` tries a few of them (``tests/unit/ml/test_store_properties.py``).
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ml import test_store_properties as specified
from tests.unit.ml.histories import histories

thousand = settings(max_examples=1_000, deadline=None)

test_order_and_duplicates_do_not_matter = thousand(
    given(histories(), st.data())(
        specified.test_order_and_duplicates_do_not_matter.hypothesis.inner_test  # type: ignore[attr-defined]
    )
)
test_scoring_the_affected_keeps_every_risk_current = thousand(
    given(histories(), st.integers(1, 8))(
        specified.test_scoring_the_affected_keeps_every_risk_current.hypothesis.inner_test  # type: ignore[attr-defined]
    )
)
test_so_it_does_where_a_single_account_makes_a_place = thousand(
    given(histories(), st.integers(1, 8))(
        specified.test_so_it_does_where_a_single_account_makes_a_place.hypothesis.inner_test  # type: ignore[attr-defined]
    )
)
