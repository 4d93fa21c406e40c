"""Bring the source database to the state that the .sql files beside this one describe.

``python -m connectors.source.apply --dsn "host=/var/run/postgresql user=postgres dbname=promo"``
does it as a superuser of that database.
"""

import argparse
import sys
import time
from pathlib import Path

import psycopg

from connectors.command import explain, run_command
from connectors.errors import PromoError
from connectors.refusals import postgres_down
from connectors.settings import Settings, load_settings, required

HERE = Path(__file__).parent


def apply_schema(superuser_dsn: str, settings: Settings, *, ours_alone: bool = False) -> None:
    """Make tables, publication, functions, roles and grants in one transaction; idempotent.

    Args:
        superuser_dsn: how to reach the source database as a superuser.
        settings: names and passwords of the five roles.
        ours_alone: nobody else uses that database, so what everybody may do there can be taken.

    Raises:
        SettingsError: a role's password is not set.
        DependencyDown: PostgreSQL does not answer.
    """
    session = {
        "promo.app_user": settings.postgres_user,
        "promo.app_password": required(settings.postgres_password, "postgres_password"),
        "promo.cdc_user": settings.postgres_cdc_user,
        "promo.cdc_password": required(settings.postgres_cdc_password, "postgres_cdc_password"),
        "promo.monitor_user": settings.postgres_monitor_user,
        "promo.monitor_password": required(
            settings.postgres_monitor_password, "postgres_monitor_password"
        ),
        "promo.eraser_user": settings.postgres_eraser_user,
        "promo.eraser_password": required(
            settings.postgres_eraser_password, "postgres_eraser_password"
        ),
        "promo.reconciler_user": settings.postgres_reconciler_user,
        "promo.reconciler_password": required(
            settings.postgres_reconciler_password, "postgres_reconciler_password"
        ),
    }
    try:
        with psycopg.connect(superuser_dsn) as connection:
            connection.execute("SET client_min_messages = warning")
            for script in ("schema.sql", "health.sql", "erasure.sql"):
                connection.execute((HERE / script).read_bytes())
            for name, value in session.items():
                connection.execute("SELECT set_config(%s, %s, true)", (name, value))
            connection.execute((HERE / "roles.sql").read_bytes())
            connection.execute((HERE / "mending.sql").read_bytes())
            if ours_alone:
                connection.execute((HERE / "ours_alone.sql").read_bytes())
    except psycopg.OperationalError as error:
        raise postgres_down(error) from error


def main() -> int:
    """Apply all of it; the exit code is 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m connectors.source.apply", description=__doc__)
    parser.add_argument("--dsn", required=True, help="the source database, as a superuser")
    parser.add_argument(
        "--ours-alone", action="store_true", help="nobody but these roles uses that database"
    )
    options, started = parser.parse_args(), time.monotonic()
    try:
        apply_schema(options.dsn, load_settings(), ours_alone=options.ours_alone)
    except PromoError as error:
        print(f"schema: {explain(error)}", file=sys.stderr)
        return 1
    print(f"schema: as the files say ({time.monotonic() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    run_command(main)
