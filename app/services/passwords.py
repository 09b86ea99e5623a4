"""Passwords: what makes one strong enough, and the slow hash that is all we keep of it.

The rule follows CNIL's recommendation 2022-100 for a password behind throttling (50 bits at
least), rounded up: twelve characters of three sorts, or fourteen of any sort. Renewal is asked of
administrators alone, once a year; no secret question, and nobody can read a password back.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from app.entities.account import RoleName
from app.models import Account

SHORTEST = 12
LONG_ENOUGH = 14
LONGEST = 128
RENEWAL = timedelta(days=365)
"""An administrator's password is chosen anew after it (the same recommendation)."""
DISTINCT_LEAST = 5
NAME_LEAST = 4

# What people type first, letters only: « Motdepasse2026! » is « motdepasse » with a tail.
COMMONEST = frozenset(
    """
    motdepasse monmotdepasse nouveaumotdepasse password passwordpassword passepartout azerty azertyuiop
    azertyuiopqsdf azertyuiopqsdfghjklm azertyqwerty qwerty qwertyuiop qwertzuiop abcdefghijkl
    abcdefghijklm abcdefghijklmn abcdefghijklmnop abcdefghijklmnopqrstuvwxyz bonjour bonjourbonjour
    soleil soleilsoleil doudou doudoudoudou loulou chouchou marseille olympiquemarseille iloveyou
    jetaime jetaimejetaime portailfamille espacefamille marelle mairie cantine periscolaire famille
    mafamille lafamille enfants mesenfants admin administrateur administration bienvenue welcome
    letmein trustno superman princesse coucou coucoucoucou changeme changezmoi testtesttest
    """.split()  # noqa: SIM905  (words read better than a list)
)


def tidied(password: str) -> str:
    """The same characters whatever keyboard composed them (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def problems(password: str, *, email: str = "", names: Iterable[str] = ()) -> list[str]:
    """Every reason why this password can't be kept, a sentence each; empty when it can."""
    password = tidied(password)
    found: list[str] = []
    if len(password) > LONGEST:
        found.append(f"Ce mot de passe a {len(password)} caractères\u00a0: {LONGEST} au plus.")
    elif len(password) < SHORTEST or (len(password) < LONG_ENOUGH and classes(password) < 3):
        found.append(
            f"Ce mot de passe a {_characters(len(password))}\u00a0: il en faut {LONG_ENOUGH}, "
            f"ou {SHORTEST} en mêlant majuscules, chiffres et signes."
        )
    if _holds_identity(password, email, names):
        found.append("Ce mot de passe contient votre nom ou votre e-mail\u00a0: choisissez d’autres mots.")
    if password and _is_common(password):
        found.append(
            "Ce mot de passe est trop facile à deviner\u00a0: prenez des mots sans rapport entre eux."
        )
    return found


def must_renew(account: Account, now: datetime) -> bool:
    """Whether an account must choose another password before anything else. Its grants must be loaded."""
    chosen_at = account.password_chosen_at
    is_admin = any(one.role_name is RoleName.ADMIN for one in account.grants)
    return is_admin and chosen_at is not None and now - chosen_at >= RENEWAL


def classes(password: str) -> int:
    """How many of the four sorts it mixes: small letters, capitals, digits, the rest."""
    return sum(
        (
            any(one.islower() for one in password),
            any(one.isupper() for one in password),
            any(one.isdigit() for one in password),
            any(not one.isalnum() for one in password),
        )
    )


def _characters(number: int) -> str:
    return f"{number} caractère{'s' if number > 1 else ''}"


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def _holds_identity(password: str, email: str, names: Iterable[str]) -> bool:
    inside = _plain(password)
    local = _plain(email).partition("@")[0]
    parts = [local, *re.split(r"[^a-z0-9]+", local)]
    for name in names:
        parts += [_plain(name), *re.split(r"[^a-z0-9]+", _plain(name))]
    return any(len(part) >= NAME_LEAST and part in inside for part in parts)


def _is_common(password: str) -> bool:
    plain = _plain(password)
    letters = "".join(one for one in plain if one.isalpha())
    return len(set(plain)) < DISTINCT_LEAST or letters in COMMONEST or _runs(plain)


def _runs(plain: str) -> bool:
    """Whether most of it counts up or down: 123456789012, abcdefghijkl, 98765432109."""
    steps = [_step(a, b) for a, b in pairwise(plain)]
    return bool(steps) and max(steps.count(1), steps.count(-1)) >= len(plain) * 3 // 4


def _step(a: str, b: str) -> int:
    if {a, b} == {"9", "0"}:  # nine then zero goes on counting
        return 1 if a == "9" else -1
    return ord(b) - ord(a)


# --- The hash ------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _hasher(time_cost: int, memory_kib: int, parallelism: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)


def hasher() -> PasswordHasher:
    """Argon2id with the parameters of the configuration; the defaults take about 60 ms of one core."""
    config = current_app.config
    return _hasher(
        config.get("PASSWORD_TIME_COST", 2),
        config.get("PASSWORD_MEMORY_KIB", 32 * 1024),
        config.get("PASSWORD_PARALLELISM", 1),
    )


@lru_cache(maxsize=4)
def _decoy(kept: PasswordHasher) -> str:
    """A hash that no password opens, as slow to check as a real one."""
    return kept.hash(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """The salted slow hash of a password."""
    return hasher().hash(tidied(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether that password made that hash; takes as long when there is no hash at all."""
    kept = hasher()
    typed = tidied(password)
    if len(typed) > LONGEST:
        password_hash, typed = None, ""
    try:
        kept.verify(password_hash or _decoy(kept), typed)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the parameters changed since: the next log-in makes the hash anew."""
    return hasher().check_needs_rehash(password_hash)
