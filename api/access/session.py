"""Who looks at the dashboards' page: a signed cookie that names a key, and holds none.

Nothing is kept here: each request asks anew whether the key still lives and may read, so a
revoked key is out at once, in every process.
"""

import hashlib
import hmac
from datetime import UTC, datetime

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope as AsgiScope

from api.access.key_file import Keys
from api.access.keys import Caller, Scope

COOKIE = "promo_session"
LASTS_S = 12 * 3_600
_PURPOSE = b"promo-sentinel: sessions of the dashboards' page, 1"


class Sessions:
    """Makes and reads the cookie.

    Args:
        keys: of the running process.
        secret: from which the signing key is derived; it can sign nothing else, and nothing
            else that is made with the secret can be a session.
    """

    def __init__(self, keys: Keys, secret: str) -> None:
        self._keys = keys
        signing_key = hmac.digest(secret.encode(), _PURPOSE, "sha256")
        self._signer = TimestampSigner(
            signing_key, salt=_PURPOSE, key_derivation="hmac", digest_method=hashlib.sha256
        )

    def presented(self, key: bytes) -> Caller | None:
        """Whose key this is, whatever it may do; None if it opens nothing."""
        return self._keys.ring.caller(key, datetime.now(UTC)) if key else None

    def begin(self, caller: Caller) -> str:
        """The cookie's value for :data:`LASTS_S` seconds."""
        return self._signer.sign(caller.key_id).decode()

    def is_in(self, scope: AsgiScope) -> bool:
        """Whether a request comes with a session that lives."""
        cookie = cookie_parser(Headers(scope=scope).get("cookie", "")).get(COOKIE)
        return cookie is not None and self.caller(cookie) is not None

    def caller(self, cookie: str) -> Caller | None:
        """Who is behind a cookie; None if it is forged or over, or its key may not read (now)."""
        try:
            key_id = self._signer.unsign(cookie, max_age=LASTS_S).decode()
        except BadSignature:
            return None
        found = self._keys.ring.caller_of(key_id, datetime.now(UTC))
        return found if found is not None and Scope.READ in found.scopes else None
