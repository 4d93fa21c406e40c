"""A gateway whose guard lets everything through: what holds then are the walls behind it."""

import os
from collections.abc import Mapping

from connectors.settings import load_settings
from warehouse.gateway.__main__ import shut_in


def main() -> None:
    settings = load_settings()
    assert shut_in(settings, os.environ)
    from warehouse.gateway.access import User
    from warehouse.gateway.guard import Guard, Words
    from warehouse.gateway.server import serve, users_of
    from warehouse.gateway.statement import Statement

    class NoGuard(Guard):
        def check(
            self, statement: Statement, user: User, readonly: bool, params: Mapping[str, str]
        ) -> None:
            pass

        def reaching(self, statement: Statement) -> set[str]:
            return set()

    serve(settings, users_of(settings), NoGuard(Words(*[frozenset()] * 4)))


if __name__ == "__main__":
    main()
