"""Who may connect: one user writes, two read, with shares of their own."""

import hmac
from dataclasses import dataclass

from warehouse.gateway import limits
from warehouse.gateway.config import READER_ROLE, WRITER_ROLE
from warehouse.gateway.errors import AUTHENTICATION_FAILED, refusal
from warehouse.gateway.limits import Limits


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may connect."""

    name: str
    password: str
    role: str
    limits: Limits

    @property
    def may_write(self) -> bool:
        """Whether anything but reads is this user's."""
        return self.role == WRITER_ROLE


Login = tuple[str, str]
"""Name and password."""


@dataclass(frozen=True, slots=True)
class Users:
    """The users of the gateway.

    Attributes:
        writer: the sink and whoever else changes the warehouse.
        api: reads for the product's own parts.
        reader: reads for Grafana and analysts, who may send any SQL.
    """

    writer: User
    api: User
    reader: User

    @classmethod
    def of(cls, writer: Login, api: Login, reader: Login) -> "Users":
        """From names and passwords."""
        return cls(
            User(*writer, WRITER_ROLE, limits.WRITER),
            User(*api, READER_ROLE, limits.API),
            User(*reader, READER_ROLE, limits.READER),
        )

    @property
    def everyone(self) -> tuple[User, User, User]:
        """All users."""
        return self.writer, self.api, self.reader

    def authenticate(self, name: str, password: str) -> User:
        """The user of that name, if the password is right (compared in constant time).

        Raises:
            GatewayError: 516, whichever of the two is wrong.
        """
        for user in self.everyone:
            known = hmac.compare_digest(name.encode(), user.name.encode())
            if hmac.compare_digest(password.encode(), user.password.encode()) and known:
                return user
        raise refusal(
            AUTHENTICATION_FAILED,
            f"{name}: Authentication failed: password is incorrect,"
            " or there is no user with such name.",
        )
