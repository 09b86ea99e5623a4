"""Tokens of the API: making one, finding who it is, ending it. A token is told once, and never kept."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from app.access.database import db, reading
from app.access.guard import Hat, hats_of, load_account, viewer_of_token
from app.access.viewer import Viewer, unscoped
from app.declare import Choice, Role
from app.entities.account import RoleName
from app.models import Account, ApiToken, Facility
from app.services import passwords

PREFIX = "mrl_"
"""It tells people and scanners of leaks what they are looking at."""
SHAPE = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
DAYS = (30, 90, 365)
"""How long a token may live; a year at most."""
NOTED_EVERY = timedelta(hours=1)
MOST = 50
"""Open tokens that one colleague, or all the programs, may have."""
ENTRY = "le jeton dit qui demande"


def digest_of(token: str) -> str:
    """What the database keeps: a token has 256 random bits, so a fast digest is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- Entering ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entered:
    """A token that opens: plain values, so that nothing of its transaction is held."""

    token_id: int
    viewer: Viewer
    label: str
    is_read_only: bool
    expires_at: datetime


def enter(text: str, now: datetime) -> Entered | None:
    """Who that token is. One statement, and a write at most once an hour; None: it opens nothing.

    Nobody learns why: unknown, revoked, expired, closed account, a password or roles changed since.
    """
    if not SHAPE.fullmatch(text):
        return None
    with unscoped(ENTRY), reading():
        account = joinedload(ApiToken.account)
        token = (
            db.session.scalars(
                select(ApiToken)
                .where(ApiToken.digest == digest_of(text))
                .options(account.joinedload(Account.grants), account.joinedload(Account.reaches))
            )
            .unique()
            .one_or_none()
        )
        entered, is_due = None, False
        if token is not None and token.revoked_at is None and token.expires_at > now:
            viewer = _viewer(token, now)
            is_due = token.last_used_at is None or now - token.last_used_at >= NOTED_EVERY
            if viewer is not None:
                entered = Entered(token.id, viewer, token.label, token.is_read_only, token.expires_at)
        db.session.rollback()  # a request that writes takes its lock later, when it has been read
    if entered is not None and is_due:
        _note_use(entered.token_id, now)
    return entered


def _viewer(token: ApiToken, now: datetime) -> Viewer | None:
    """Who the token is now; nobody while its account must choose another password."""
    is_late = token.account is not None and passwords.must_renew(token.account, now)
    return None if is_late else viewer_of_token(token)


def _note_use(token_id: int, now: datetime) -> None:
    """Not through the row: a use is no line of history. Whoever comes second finds it written. Commits."""
    with unscoped(ENTRY):
        db.session.execute(
            update(ApiToken)
            .where(
                ApiToken.id == token_id,
                or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - NOTED_EVERY),
            )
            .values(last_used_at=now)
            .execution_options(synchronize_session=False)
        )
        db.session.commit()


# --- Making and ending ---------------------------------------------------------------------------


class State(Choice):
    """Where a token stands."""

    OPEN = "open", "En service", "green", "check-lg"
    OVER = "over", "Expiré", "grey", "clock-history"
    REVOKED = "revoked", "Révoqué", "grey", "x-lg"
    STOPPED = "stopped", "Sans effet", "yellow", "exclamation-triangle"


@dataclass(frozen=True)
class Listed:
    """A token in the list: the row and where it stands."""

    token: ApiToken
    state: State

    @property
    def may_end(self) -> bool:
        """Whether revoking it still means something."""
        return self.state in (State.OPEN, State.STOPPED)


@dataclass(frozen=True)
class Made:
    """What became of a creation: the token to show, this once; or what is wrong, by field."""

    token: str = ""
    problems: dict[str, str] = field(default_factory=dict)


def is_administrator(viewer: Viewer) -> bool:
    """Whether they make tokens of programs and revoke anybody's."""
    return bool(viewer.acting_roles & Role.ADMIN)


def listed(viewer: Viewer, now: datetime) -> list[Listed]:
    """One's own tokens; those of everybody for an administrator. The latest first; three statements."""
    account = joinedload(ApiToken.account)
    asked = (
        select(ApiToken)
        .options(
            account.selectinload(Account.grants),
            account.selectinload(Account.reaches),
            joinedload(ApiToken.facility),
        )
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
    )
    if not is_administrator(viewer):
        asked = asked.where(ApiToken.account_id == viewer.account_id)
    elif viewer.facility_ids is not None:
        own = ApiToken.account_id == viewer.account_id
        asked = asked.where(or_(own, ApiToken.facility_id.in_(viewer.facility_ids)))
    return [Listed(one, _state(one, now)) for one in db.session.scalars(asked).unique()]


def _state(token: ApiToken, now: datetime) -> State:
    if token.revoked_at is not None:
        return State.REVOKED
    if token.expires_at <= now:
        return State.OVER
    return State.OPEN if _viewer(token, now) is not None else State.STOPPED


def make_own(
    viewer: Viewer, password: str, label: str, days: int, is_read_only: bool, hat_key: str, now: datetime
) -> Made:
    """A token of the colleague who asks, under one of their hats. Commits unless refused."""
    assert viewer.account_id is not None
    account = load_account(viewer.account_id)
    hat = next((one for one in hats_of(account) if one.key == hat_key), None) if account else None
    if account is None or hat is None:
        return Made(problems={"hat": "Choisissez une de vos casquettes."})
    roles = [role for role in RoleName if role.role & hat.roles]
    token = ApiToken(account_id=account.id, stamp=account.stamp, hat=hat.key)
    token.powers = _words(roles, _names(hat))
    return _make(token, viewer, password, label, days, is_read_only, roles, now)


def make_program(
    viewer: Viewer,
    password: str,
    label: str,
    days: int,
    is_read_only: bool,
    roles: Sequence[RoleName],
    facility_id: int | None,
    now: datetime,
) -> Made:
    """A token of a program, with roles of its own; for administrators alone. Commits unless refused."""
    if not is_administrator(viewer):
        return Made(problems={"program": "Seule l’Administration crée les jetons des programmes."})
    if not roles:
        return Made(problems={"roles": "Choisissez au moins un rôle."})
    names: list[str] = []
    if facility_id is not None:
        names = list(db.session.scalars(select(Facility.name).where(Facility.id == facility_id)))
        if not names:
            return Made(
                problems={"facility": "Cette structure n’existe plus\u00a0: choisissez-en une autre."}
            )
    elif viewer.facility_ids is not None:  # nobody lends what they have not
        return Made(problems={"facility": "Choisissez une de vos structures."})
    token = ApiToken(facility_id=facility_id, powers=_words(roles, names))
    return _make(token, viewer, password, label, days, is_read_only, roles, now)


def _make(
    token: ApiToken,
    viewer: Viewer,
    password: str,
    label: str,
    days: int,
    is_read_only: bool,
    roles: Sequence[RoleName],
    now: datetime,
) -> Made:
    problems: dict[str, str] = {}
    if days not in DAYS:
        problems["days"] = "Choisissez une des durées proposées."
    if not label.strip():
        problems["label"] = "Donnez un nom à ce jeton."
    if _count(token.account_id, now) >= MOST:
        problems["label"] = f"Il y a déjà {MOST} jetons en service\u00a0: révoquez-en d’abord."
    if not problems and not _is_password_of(viewer, password):
        problems["password"] = "Ce n’est pas votre mot de passe."  # noqa: S105 (a sentence)
    if problems:
        db.session.rollback()
        return Made(problems=problems)
    told = PREFIX + secrets.token_urlsafe(32)
    token.digest, token.label, token.roles = digest_of(told), label.strip(), [one.value for one in roles]
    token.is_read_only, token.created_by = is_read_only, viewer.name[:200]
    token.created_at, token.expires_at = now, now + timedelta(days=days)
    db.session.add(token)
    db.session.commit()
    return Made(told)


def _is_password_of(viewer: Viewer, password: str) -> bool:
    """Slow by design: no transaction is held meanwhile."""
    with unscoped("on relit le mot de passe de qui demande"):
        kept = db.session.scalar(select(Account.password_hash).where(Account.id == viewer.account_id))
    db.session.rollback()
    return passwords.verify(kept, password)


def _count(account_id: int | None, now: datetime) -> int:
    found = select(ApiToken.id).where(
        ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    return len(db.session.scalars(found).all())


def _names(hat: Hat) -> list[str]:
    with unscoped("le nom des structures où l’on a soi-même un rôle"):
        asked = select(Facility.name).where(Facility.id.in_(hat.facility_ids or ())).order_by(Facility.name)
        return list(db.session.scalars(asked))


def _words(roles: Sequence[RoleName], facilities: Sequence[str]) -> str:
    """« Secrétariat, Régie · toutes les structures »."""
    where = ", ".join(facilities) or "toutes les structures"
    return f"{', '.join(role.label for role in roles)} · {where}"[:400]


def revoke(token_id: int, viewer: Viewer, now: datetime) -> str | None:
    """End a token at once and give its name; None when it is not theirs to end, or is over. Commits."""
    mine = next((one for one in listed(viewer, now) if one.token.id == token_id and one.may_end), None)
    if mine is None:
        db.session.rollback()
        return None
    label = mine.token.label
    mine.token.revoked_at = now
    db.session.commit()
    return label
