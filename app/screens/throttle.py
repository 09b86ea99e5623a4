"""How often one may try: per account and per address, counted by the framework's own limiter."""

import hashlib
import math
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

from flask import current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse

from app.screens import attempts  # noqa: F401  (registers the storage)

LOGIN_BY_ACCOUNT = parse("8 per 15 minutes")
"""From one address: a stranger's tries elsewhere do not shut the owner out."""
LOGIN_FROM_ANYWHERE = parse("40 per 15 minutes")
"""On one account, whatever the addresses."""
LOGIN_BY_ADDRESS = parse("60 per 15 minutes")
FORGOTTEN_BY_ACCOUNT = parse("3 per hour")
FORGOTTEN_BY_ADDRESS = parse("20 per hour")
API_READS = parse("300 per minute")
API_WRITES = parse("60 per minute")
API_WRONG_BY_ADDRESS = parse("20 per 15 minutes")


def _limiter() -> Limiter | None:
    limiter: Limiter = current_app.extensions["appbuilder"].sm.limiter
    return limiter if limiter.enabled else None


def account_key(email: str) -> str:
    """A key of fixed length for what was typed: the storage never holds an address."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]


def account_here_key(email: str) -> str:
    """The same, from this visitor's address."""
    return account_key(f"{email.strip().lower()} {address_key()}")


def password_limits(email: str) -> tuple[tuple[RateLimitItem, str], ...]:
    """How often the password of an account may be tried, wherever it is asked."""
    return ((LOGIN_BY_ACCOUNT, account_here_key(email)), (LOGIN_FROM_ANYWHERE, account_key(email)))


def address_key() -> str:
    """The visitor's address (behind ``TRUSTED_PROXIES`` relays); of IPv6, the network that one home holds."""
    told = request.remote_addr or "unknown"
    try:
        address = ip_address(told)
    except ValueError:
        return told
    return told if address.version == 4 else str(ip_network((address, 64), strict=False))


def pause(what: str, limits: tuple[tuple[RateLimitItem, str], ...]) -> datetime | None:
    """Count one try against each limit in turn; until when to wait at the first that is passed, else None.

    Counting comes before the try, so that tries sent together are counted together. A try that one limit
    stops is not counted against those after it.
    """
    limiter = _limiter()
    if limiter is None:
        return None
    for item, key in limits:
        if not limiter.limiter.hit(item, what, key):
            ends = limiter.limiter.get_window_stats(item, what, key).reset_time
            return datetime.fromtimestamp(math.ceil(ends), UTC)
    return None


def forgive(email: str) -> None:
    """Forget the tries, from this address, of who got in at last."""
    limiter = _limiter()
    if limiter is not None:
        limiter.limiter.clear(LOGIN_BY_ACCOUNT, "login", account_here_key(email))
