"""What each problem of the data's quality meets in the pipeline, and where to look. Pure."""

from dataclasses import dataclass

from ml.commentary.findings import Findings
from ml.commentary.signals import ADULT_YEARS, OLD_YEARS


@dataclass(frozen=True, slots=True)
class Handled:
    """One problem: how often, what happens to it, and where that is written and tested.

    ``code`` is a path in the repository, ``test`` is ``path::name``.
    """

    what: str
    count: str
    handled: str
    code: str
    test: str

    def cells(self) -> tuple[str, ...]:
        """Its row of the table."""
        path, _, _ = self.test.partition("::")
        code = f"[{self.code.rpartition('/')[2]}](../{self.code})"
        return (self.what, self.count, self.handled, f"{code}, [test](../{path})")


def handled(found: Findings) -> tuple[Handled, ...]:
    """Every problem that was looked for."""
    counts, sizes = found.quality, found.sizes
    empty = ", ".join(f"{n:,} in {file} ({column})" for file, column, n in counts.empty)
    return (
        Handled(
            "codes defined in several ways",
            f"{counts.conflicting_codes:,} codes, {counts.conflicting_lines:,} lines",
            f"the first line stands, {counts.refused_lines:,} are refused and kept for a person"
            " to settle",
            "connectors/load.py",
            "tests/integration/test_load.py"
            "::test_the_noaat_files_load_once_however_often_they_are_loaded",
        ),
        Handled(
            "redemptions without a user",
            f"{sizes.strange_redemptions:,}, one each of {sizes.strangers:,} accounts",
            "stored, and counted once the account arrives; shown on the dashboard",
            "ml/memory_store.py",
            "tests/unit/ml/test_memory_store.py::test_a_redemption_waits_for_its_account",
        ),
        Handled(
            "e-mail addresses of several accounts",
            f"{counts.shared_emails:,}, by {counts.by_shared_email:,} accounts",
            "a link between them; by itself it never challenges anybody",
            "ml/rules/sharing.py",
            "tests/unit/ml/test_rules.py::test_a_shared_mailbox_alone_never_challenges",
        ),
        Handled(
            "phones of several accounts",
            f"{counts.shared_phones:,}, by {counts.by_shared_phone:,} accounts",
            "a link too, the weaker the longer between the sign-ups",
            "ml/rules/closeness.py",
            "tests/unit/ml/test_features.py"
            "::test_accounts_on_a_strong_link_count_by_how_close_they_signed_up",
        ),
        Handled(
            "phones written in an unusual way",
            f"{counts.odd_phones:,}",
            "never refused or changed: the shape is a fact, the number that is dialled is the link",
            "connectors/identifiers/phones.py",
            "tests/unit/connectors/test_profile.py::test_the_shape_of_a_phone_number",
        ),
        Handled(
            f"under {ADULT_YEARS} at sign-up",
            f"{counts.young_by_year:,} by the year of birth, {counts.young_exact:,} to the day",
            "kept; only the year of birth leaves the privacy boundary, so the dashboard counts"
            " the first way",
            "grafana/queries/pipeline_data_quality.sql",
            "tests/integration/test_pipeline_quality.py"
            "::test_registrations_are_odd_by_what_they_lack_and_by_age",
        ),
        Handled(
            f"over {OLD_YEARS} at sign-up, by the year of birth",
            f"{counts.old:,}",
            "kept: the age is a feature, and what it means is left to the model",
            "ml/features/own.py",
            "tests/unit/ml/test_features.py"
            "::test_an_account_says_its_age_hour_alias_and_kind_of_address",
        ),
        Handled(
            "IP addresses that are not public",
            f"{counts.private:,}; {counts.no_address:,} are no address at all",
            "kept as a fact of the account",
            "connectors/identifiers/addresses.py",
            "tests/unit/connectors/test_profile.py::test_whether_an_address_is_private",
        ),
        Handled(
            "fixed discounts above their minimum purchase",
            f"{counts.dear_lines:,} lines, {counts.dear_codes:,} of the codes that are loaded",
            "kept; a fixed discount counts by its value, and the dashboard shows how many there"
            " are",
            "ml/policy.py",
            "tests/unit/ml/test_policy.py::test_a_fixed_discount_is_worth_its_value",
        ),
        Handled(
            "lines that repeat another one",
            f"{counts.duplicates:,}",
            "count as duplicates; loading twice changes nothing",
            "connectors/loading/write.py",
            "tests/integration/test_load.py"
            "::test_the_noaat_files_load_once_however_often_they_are_loaded",
        ),
        Handled(
            "malformed lines (timestamps, numbers, encoding, …)",
            f"{counts.malformed:,} of {counts.records:,}",
            "refused one by one with a reason of a closed list",
            "connectors/loading/rows.py",
            "tests/unit/connectors/test_loading.py::test_a_bad_line_is_rejected_alone",
        ),
        Handled(
            "cells without a value",
            empty or "none",
            "null: unknown, never a value of its own",
            "connectors/loading/rows.py",
            "tests/unit/ml/test_features.py::test_what_an_account_does_not_say_is_unknown",
        ),
        Handled(
            "time zones that nobody knows",
            f"{counts.unknown_zones:,} of {counts.zones:,}",
            "the hour is taken in UTC",
            "connectors/traits.py",
            "tests/unit/connectors/test_profile.py::test_the_hour_is_the_one_on_the_users_clock",
        ),
        Handled(
            "redemptions before the sign-up",
            f"{counts.early:,}",
            "counted, and not fast",
            "ml/rules/speed.py",
            "tests/unit/ml/test_rules.py"
            "::test_a_redemption_before_the_sign_up_or_later_on_is_not_fast",
        ),
        Handled(
            "accounts without a label",
            f"{sizes.unlabelled:,}",
            "tell what is common, and are never tested on",
            "ml/training/folds.py",
            "tests/unit/ml/test_training.py::test_unlabelled_accounts_are_never_tested",
        ),
    )
