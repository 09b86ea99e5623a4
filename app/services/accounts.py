"""The accesses of households: inviting guardians, sending a link again, closing an access.

An invitation answers the same whether the address already had an account or not: another
household's parent, or a colleague, simply reaches one household more.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Problem, email_address
from app.entities.account import LinkPurpose
from app.entities.family import MemberKind
from app.models import (
    Account,
    AccountFamily,
    Family,
    LoginLink,
    Membership,
    Person,
    RoleGrant,
)
from app.rules.words import limit_words
from app.services import login, outbox
from app.services.settings import read_town


class Access(enum.Enum):
    """Where the access of somebody stands."""

    NONE = "none", "Pas de compte", "grey", "dash-lg"
    INVITED = "invited", "Invité", "yellow", "hourglass-split"
    EXPIRED = "expired", "Lien expiré", "rose", "x-lg"
    ACTIVE = "active", "Compte ouvert", "green", "check-lg"
    CLOSED = "closed", "Accès fermé", "grey", "lock-fill"

    def __init__(self, code: str, label: str, tone: str, icon: str) -> None:
        self.code, self.label, self.tone, self.icon = code, label, tone, icon


@dataclass(frozen=True)
class Standing:
    """The access of one person: its state, the account behind it, until when its link serves."""

    access: Access
    account: Account | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Guardian:
    """A guardian of a household and their access to it."""

    person: Person
    kinship: str | None
    standing: Standing


@dataclass(frozen=True)
class Household:
    """The page of a household's accesses. ``others``: accounts tied to none of its guardians."""

    family: Family
    guardians: Sequence[Guardian]
    others: Sequence[Standing]


class Sent(enum.Enum):
    """Which mail left."""

    INVITATION = "a link to choose a first password"
    RESET = "a link to choose a new password"
    TOLD = "a word: the account has its password, it reaches more"


@dataclass(frozen=True)
class Outcome:
    """What an invitation came to. ``problem`` is a French sentence with its remedy; nothing was then kept."""

    email: str = ""
    problem: str = ""
    account_id: int = 0
    sent: Sent = Sent.INVITATION
    link: str = ""


# --- Reading -------------------------------------------------------------------------------------


def standing(account: Account, until: datetime | None, now: datetime) -> Standing:
    """Where an account stands; ``until``: the end of its last unused link."""
    if not account.is_active_account:
        return Standing(Access.CLOSED, account)
    if account.password_hash is not None:
        return Standing(Access.ACTIVE, account)
    if until is not None and until > now:
        return Standing(Access.INVITED, account, until)
    return Standing(Access.EXPIRED if account.invited_at else Access.NONE, account, until)


def link_ends(account_ids: Sequence[int]) -> dict[int, datetime]:
    """The end of the last unused link of each account. One statement."""
    if not account_ids:
        return {}
    found = db.session.execute(
        select(LoginLink.account_id, func.max(LoginLink.expires_at))
        .where(LoginLink.account_id.in_(account_ids), LoginLink.used_at.is_(None))
        .group_by(LoginLink.account_id)
    )
    return dict(found.tuples().all())


def household(family_id: int, now: datetime) -> Household | None:
    """The guardians of a household and who else opens its file; None out of reach. Four statements."""
    family = db.session.scalars(select(Family).where(Family.id == family_id)).one_or_none()
    if family is None:
        return None
    members = db.session.scalars(
        select(Membership)
        .where(Membership.family_id == family_id, Membership.member_kind == MemberKind.GUARDIAN)
        .options(joinedload(Membership.person))
        .order_by(Membership.id)
    ).all()
    reaches = db.session.scalars(
        select(AccountFamily)
        .where(AccountFamily.family_id == family_id)
        .options(joinedload(AccountFamily.account))
        .order_by(AccountFamily.id)
    ).all()
    ends = link_ends([reach.account_id for reach in reaches])
    by_person: dict[int | None, Account] = {reach.person_id: reach.account for reach in reaches}
    guardians = []
    for member in members:
        account = by_person.get(member.person_id)
        seen = Standing(Access.NONE) if account is None else standing(account, ends.get(account.id), now)
        guardians.append(Guardian(member.person, member.kinship, seen))
    known = {member.person_id for member in members}
    others = [
        standing(reach.account, ends.get(reach.account_id), now)
        for reach in reaches
        if reach.person_id not in known
    ]
    return Household(family, guardians, others)


# --- Inviting ------------------------------------------------------------------------------------


def invite_guardian(family_id: int, person_id: int, now: datetime, email: str = "") -> Outcome | None:
    """Give a guardian an access to a household, or send it again. None out of reach. Commits.

    ``email`` fills the person's record where it has none. The account is the one of that
    address, made if there is none; an account that never entered follows the person's new address.
    """
    member = db.session.scalars(
        select(Membership)
        .where(
            Membership.family_id == family_id,
            Membership.person_id == person_id,
            Membership.member_kind == MemberKind.GUARDIAN,
        )
        .options(joinedload(Membership.person), joinedload(Membership.family))
    ).one_or_none()
    if member is None:
        return None
    person = member.person
    reach = db.session.scalars(
        select(AccountFamily)
        .where(AccountFamily.family_id == family_id, AccountFamily.person_id == person_id)
        .options(joinedload(AccountFamily.account))
    ).one_or_none()
    if reach is not None and reach.account.password_hash is not None:
        return send_reset(reach.account, now)
    address = person.email or (reach.account.email if reach else "") or email
    try:
        address = tidied(address, now.date())
    except Problem as problem:
        return Outcome(email=address, problem=str(problem))
    if taken_by := _holder(family_id, address, person_id):
        return Outcome(
            email=address,
            problem=f"Cette adresse est déjà celle du compte de {taken_by}\u00a0: "
            f"chaque parent a la sienne. Changez-la sur la fiche de {person.full_name}.",
        )
    if not person.email:
        person.email = address
    account = _account_for(address, person, reach)
    if reach is None or reach.account is not account:
        _reach(account, member, reach, now)
    outcome = send(account, now, "invitation", "family_added", {"famille": member.family.name}, member.family)
    db.session.commit()
    return outcome


def _holder(family_id: int, address: str, person_id: int) -> str:
    """The name of the other person of the household whose account has that address; empty: nobody's."""
    found = db.session.scalars(
        select(Person)
        .join(AccountFamily, AccountFamily.person_id == Person.id)
        .join(Account, Account.id == AccountFamily.account_id)
        .where(AccountFamily.family_id == family_id, Account.email == address, Person.id != person_id)
    ).first()
    return found.full_name if found else ""


def send_reset(account: Account, now: datetime) -> Outcome:
    """Mail a link to choose a new password to an account that has one. Commits."""
    outcome = Outcome(email=account.email, account_id=account.id, sent=Sent.RESET)
    account.is_active_account = True
    db.session.flush()
    login.ask_reset(outcome.email, now)
    return outcome


def tidied(address: str, today: date) -> str:
    """The address as accounts keep it. Raises Problem."""
    if not address.strip():
        raise Problem("Indiquez une adresse e-mail\u00a0: l’invitation y sera envoyée.")
    return email_address(address.strip(), today)


def _account_for(address: str, person: Person, reach: AccountFamily | None) -> Account:
    """The account of that address; the one that never entered takes it, if it opens nothing else."""
    known = db.session.scalars(select(Account).where(Account.email == address)).one_or_none()
    if known is not None:
        return known
    if reach is not None and left(reach.account_id) == 1:
        reach.account.email = address
        return reach.account
    return new_account(address, person.first_name, person.last_name)


def new_account(address: str, first_name: str, last_name: str) -> Account:
    """An account without a password, which nobody enters before its invitation. Flushes."""
    account = Account(
        email=address,
        first_name=first_name,
        last_name=last_name,
        stamp=login.new_stamp(),
        is_active_account=True,
    )
    db.session.add(account)
    db.session.flush()
    return account


def _reach(account: Account, member: Membership, before: AccountFamily | None, now: datetime) -> None:
    """Tie the account to the household as that guardian, in the place of another that never entered."""
    if before is not None:
        db.session.delete(before)
        db.session.flush()
        if not left(before.account_id):
            close(before.account, now)
    held = db.session.scalars(
        select(AccountFamily).where(
            AccountFamily.account_id == account.id, AccountFamily.family_id == member.family_id
        )
    ).one_or_none()
    if held is None:
        held = AccountFamily(account_id=account.id, family_id=member.family_id)
        db.session.add(held)
    held.person_id = member.person_id
    db.session.flush()


def send(
    account: Account,
    now: datetime,
    first: str,
    more: str,
    values: dict[str, str],
    family: Family | None = None,
) -> Outcome:
    """Post the mail that fits: a link to who has no password yet, a word to who has one."""
    account.is_active_account = True
    greeting = {"prenom": account.first_name, **values}
    texts = outbox.read_texts()
    if account.password_hash is not None:
        url = outbox.link("/")
        outbox.post(
            more, to=account.email, account=account, family=family, now=now, texts=texts, lien=url, **greeting
        )
        return Outcome(email=account.email, account_id=account.id, sent=Sent.TOLD, link=url)
    account.invited_at = now
    url, until = login.issue_link(account.id, LinkPurpose.INVITATION, now, read_town().link_hours)
    outbox.post(
        first,
        to=account.email,
        account=account,
        family=family,
        now=now,
        lien=url,
        texts=texts,
        fin_du_lien=limit_words(until),
        identifiant=account.email,
        **greeting,
    )
    return Outcome(email=account.email, account_id=account.id, link=url)


# --- Closing -------------------------------------------------------------------------------------


def close_household(family_id: int, account_id: int, now: datetime) -> str | None:
    """Take a household away from an account, at once; the name, or None out of reach. Commits.

    An account that then reaches nothing more is closed with it.
    """
    reach = db.session.scalars(
        select(AccountFamily)
        .where(AccountFamily.family_id == family_id, AccountFamily.account_id == account_id)
        .options(joinedload(AccountFamily.account))
    ).one_or_none()
    if reach is None:
        return None
    account = reach.account
    name = account.full_name
    db.session.delete(reach)
    db.session.flush()
    if not left(account_id):
        close(account, now)
    db.session.commit()
    return name


def left(account_id: int) -> int:
    """How many households and roles an account has, those out of the asker's reach included."""
    with unscoped("un accès que l’on ne voit pas compte aussi"):
        reaches = db.session.scalar(
            select(func.count(AccountFamily.id)).where(AccountFamily.account_id == account_id)
        )
    return (reaches or 0) + granted(account_id)


def granted(account_id: int) -> int:
    """How many staff roles an account has, whoever asks."""
    with unscoped("un rôle que l’on ne voit pas compte aussi"):
        found = db.session.scalar(select(func.count(RoleGrant.id)).where(RoleGrant.account_id == account_id))
    return found or 0


def close(account: Account, now: datetime) -> None:
    """Nobody enters with it any more, from now on. Does not commit."""
    account.is_active_account = False
    account.stamp = login.new_stamp()
    login.end_links(account.id, now)
