"""Entering: checking a password, mailed links, choosing and changing a password.

Nobody learns from an answer, its words, its status or its time, whether an address has an
account. Slow hashes are computed with no transaction open: log-ins don't wait for each other.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.access.database import db, reading
from app.access.guard import load_account
from app.access.viewer import unscoped
from app.entities.account import LinkPurpose
from app.models import Account, Connection, LoginLink
from app.rules.words import limit_words
from app.services import outbox, passwords
from app.services.settings import read_town

WELCOME_PATH = "/bienvenue/"
FORGOTTEN_PATH = "/mot-de-passe-oublie"
ENTRY = "l’entrée se fait avant que l’on sache qui demande"


def tidy_email(typed: str) -> str:
    """The address as accounts keep it, whatever its case and the spaces around it."""
    return typed.strip().lower()


def new_stamp() -> str:
    """What ties the open log-ins of an account to its password."""
    return secrets.token_urlsafe(24)


# --- Password ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """A right e-mail and password: the account, and a fresh hash when the old one is outdated."""

    account_id: int
    new_hash: str | None = None


def check(email: str, password: str) -> Opened | None:
    """The open account of that e-mail and password, or None; as slow when the address is unknown."""
    with unscoped(ENTRY), reading():
        found = db.session.execute(
            select(Account.id, Account.password_hash, Account.is_active_account).where(
                Account.email == tidy_email(email)
            )
        ).one_or_none()
        db.session.rollback()
    account_id, password_hash, is_open = found or (0, None, False)
    if not passwords.verify(password_hash, password) or not is_open:
        return None
    fresh = passwords.hash_password(password) if passwords.is_outdated(password_hash or "") else None
    return Opened(account_id, fresh)


def enter(opened: Opened, address: str | None, device: str | None, now: datetime) -> Account | None:
    """Note the connection (H1), give the account with all it reaches; None if it just closed. Commits."""
    with unscoped(ENTRY):
        values: dict[str, object] = {"last_seen_at": now}
        if opened.new_hash:
            values["password_hash"] = opened.new_hash
        # Not through the row: a log-in is a Connection, not one more line of history.
        _set(opened.account_id, **values)
        db.session.add(
            Connection(
                account_id=opened.account_id,
                connected_at=now,
                address=(address or "")[:64] or None,
                device=(device or "")[:200] or None,
            )
        )
        db.session.commit()
    account = load_account(opened.account_id)
    return account if account and account.is_active_account else None


def _set(account_id: int, **values: object) -> None:
    db.session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def change_password(account_id: int, current: str, new: str, now: datetime) -> dict[str, list[str]]:
    """Replace a password that one knows; what is wrong, by field, or nothing. Commits.

    Every log-in of the account is closed (the stamp changes), and a mail says so.
    """
    with unscoped(ENTRY), reading():
        account = db.session.scalars(select(Account).where(Account.id == account_id)).one()
        password_hash, email = account.password_hash, account.email
        names = (account.first_name, account.last_name)
        db.session.rollback()
    wrong: dict[str, list[str]] = {}
    if not passwords.verify(password_hash, current):
        wrong["current"] = ["Ce n’est pas votre mot de passe actuel."]
    if found := passwords.problems(new, email=email, names=names):
        wrong["password"] = found
    elif not wrong and passwords.tidied(new) == passwords.tidied(current):
        wrong["password"] = ["C’est déjà votre mot de passe\u00a0: choisissez-en un autre."]
    if not wrong:
        _replace(account_id, passwords.hash_password(new), now)
    return wrong


def _replace(account_id: int, password_hash: str, now: datetime) -> None:
    """Keep the new hash, close every log-in, end every link, tell the owner. Commits."""
    with unscoped(ENTRY):
        _set(account_id, password_hash=password_hash, password_chosen_at=now, stamp=new_stamp())
        end_links(account_id, now)
        account = db.session.scalars(select(Account).where(Account.id == account_id)).one()
        outbox.post(
            "password_changed",
            to=account.email,
            account=account,
            now=now,
            prenom=account.first_name,
            moment=limit_words(now),
            lien=outbox.link(FORGOTTEN_PATH),
        )
        db.session.commit()


# --- Links ---------------------------------------------------------------------------------------


def digest_of(token: str) -> str:
    """What the database keeps of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_link(account_id: int, purpose: LinkPurpose, now: datetime, hours: int) -> tuple[str, datetime]:
    """A new single-use link: its public address and its end. Does not commit.

    An invitation ends those before it. A « forgotten password » ends none: anybody may ask for one, and
    would make the owner's own link fail. They all end when one of them is used.
    """
    token = secrets.token_urlsafe(32)
    until = now + timedelta(hours=hours)
    if purpose is LinkPurpose.INVITATION:
        end_links(account_id, now, purpose)
    db.session.add(
        LoginLink(account_id=account_id, purpose=purpose, digest=digest_of(token), expires_at=until)
    )
    return outbox.link(WELCOME_PATH + token), until


def end_links(account_id: int, now: datetime, purpose: LinkPurpose | None = None) -> None:
    """End the account's links that still serve, of one purpose or all. Does not commit."""
    unused = [LoginLink.account_id == account_id, LoginLink.used_at.is_(None), LoginLink.expires_at > now]
    if purpose is not None:
        unused.append(LoginLink.purpose == purpose)
    db.session.execute(
        update(LoginLink).where(*unused).values(expires_at=now).execution_options(synchronize_session=False)
    )


@dataclass(frozen=True)
class OpenLink:
    """A link that still serves: whose it is, what for, until when."""

    link_id: int
    account_id: int
    first_name: str
    last_name: str
    email: str
    is_invitation: bool
    until: datetime


def open_link(token: str, now: datetime) -> OpenLink | None:
    """What a token opens, consuming nothing; None: unknown, used, expired, or a closed account."""
    with unscoped(ENTRY):
        link = db.session.scalars(
            select(LoginLink)
            .where(LoginLink.digest == digest_of(token))
            .options(joinedload(LoginLink.account))
        ).one_or_none()
    if link is None or link.used_at is not None or link.expires_at <= now:
        return None
    account = link.account
    if not account.is_active_account:
        return None
    return OpenLink(
        link_id=link.id,
        account_id=account.id,
        first_name=account.first_name,
        last_name=account.last_name,
        email=account.email,
        is_invitation=link.purpose is LinkPurpose.INVITATION,
        until=link.expires_at,
    )


def use_link(link: OpenLink, password: str, now: datetime) -> list[str] | None:
    """Choose the password. [] when it is done; what is wrong with it; None when the link was used meanwhile.

    Single use, whatever arrives at the same time. Commits when it is done.
    """
    wrong = passwords.problems(password, email=link.email, names=(link.first_name, link.last_name))
    if wrong:
        return wrong
    db.session.rollback()  # nothing is held while the hash is computed
    password_hash = passwords.hash_password(password)
    with unscoped(ENTRY):
        taken = db.session.execute(
            update(LoginLink)
            .where(LoginLink.id == link.link_id, LoginLink.used_at.is_(None), LoginLink.expires_at > now)
            .values(used_at=now)
            .execution_options(synchronize_session=False)
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            db.session.rollback()
            return None
        if link.is_invitation:
            _set(link.account_id, password_hash=password_hash, password_chosen_at=now, stamp=new_stamp())
            end_links(link.account_id, now)
            db.session.commit()
        else:
            _replace(link.account_id, password_hash, now)
    return []


def ask_reset(email: str, now: datetime) -> None:
    """Mail a link to whoever owns that address, if it is an open account; say nothing either way. Commits.

    It serves too whoever never chose a password: the first link got lost, this one does the same.
    """
    with unscoped(ENTRY):
        account = db.session.scalars(
            select(Account).where(Account.email == tidy_email(email), Account.is_active_account)
        ).one_or_none()
        if account is None:
            db.session.rollback()
            return
        url, until = issue_link(account.id, LinkPurpose.RESET, now, read_town().reset_hours)
        outbox.post(
            "reset",
            to=account.email,
            account=account,
            now=now,
            prenom=account.first_name,
            lien=url,
            fin_du_lien=limit_words(until),
            identifiant=account.email,
        )
        db.session.commit()
