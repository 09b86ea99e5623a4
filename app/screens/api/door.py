"""The door of the API: a token says who is asking. No cookie is read, none is set, nobody is redirected."""

from datetime import datetime
from typing import NoReturn

from flask import g, request

from app.access import viewer as viewers
from app.screens import throttle
from app.screens.api.problems import Refused
from app.services import clock, tokens

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Marelle"'}
READING = ("GET", "HEAD", "OPTIONS")
MISSING = (
    "Cette adresse demande un jeton, dans l’en-tête «\u00a0Authorization: Bearer mrl_…\u00a0». "
    "Un jeton se crée sur la page «\u00a0Jetons d’accès\u00a0» du service."
)
WRONG = "Ce jeton n’ouvre rien\u00a0: il est inconnu, expiré, révoqué, ou son compte a changé."
READ_ONLY = "Ce jeton sert à lire seulement."


def enter() -> None:
    """Set the viewer that the token of the request is; Refused: 401, 403 or 429.

    A good token is never stopped by the bad ones of its address: at a town hall, every program goes
    out by the same one.
    """
    text = _told()
    now = clock.now()
    entered = tokens.enter(text, now) if text else None
    if entered is None:
        _refuse(bool(text), now)
    is_read = request.method in READING
    what, limit = ("api-read", throttle.API_READS) if is_read else ("api-write", throttle.API_WRITES)
    _wait(throttle.pause(what, ((limit, str(entered.token_id)),)), now)
    if entered.is_read_only and not is_read:
        raise Refused(403, READ_ONLY)
    viewers._current.set(entered.viewer)
    g.account = None
    g.viewer, g.token = entered.viewer, entered


def _told() -> str:
    """The token in the header; empty when there is none of that sort."""
    scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _refuse(is_told: bool, now: datetime) -> NoReturn:
    """401; from a machine that tries too many tokens, 429."""
    if is_told:
        _wait(throttle.pause("api-token", ((throttle.API_WRONG_BY_ADDRESS, throttle.address_key()),)), now)
    raise Refused(401, WRONG if is_told else MISSING, headers=CHALLENGE)


def _wait(until: datetime | None, now: datetime) -> None:
    if until is None:
        return
    seconds = max(1, int((until - now).total_seconds()))
    unit = "seconde" if seconds == 1 else "secondes"
    raise Refused(
        429,
        f"Trop de demandes\u00a0: recommencez dans {seconds}\u00a0{unit}.",
        headers={"Retry-After": str(seconds)},
    )
