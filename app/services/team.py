"""The staff's accesses: who holds which role, inviting a colleague, closing an access."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.access.database import db
from app.access.guard import hats_of
from app.access.viewer import unscoped
from app.declare import Problem
from app.entities.account import RoleName
from app.models import Account, Facility, RoleGrant
from app.rules.words import joined
from app.services import login
from app.services.accounts import (
    Outcome,
    Standing,
    close,
    left,
    link_ends,
    new_account,
    send,
    send_reset,
    standing,
    tidied,
)


@dataclass(frozen=True)
class Colleague:
    """A staff account with its roles in words."""

    account: Account
    grants: Sequence[RoleGrant]
    standing: Standing


def team(now: datetime) -> list[Colleague]:
    """Every account that holds a staff role, by name. Four statements."""
    accounts = (
        db.session.scalars(
            select(Account)
            .where(Account.id.in_(select(RoleGrant.account_id)))
            .options(selectinload(Account.grants).joinedload(RoleGrant.facility))
            .order_by(Account.last_name, Account.first_name)
        )
        .unique()
        .all()
    )
    ends = link_ends([account.id for account in accounts])
    order = list(RoleName)
    return [
        Colleague(
            account,
            sorted(account.grants, key=lambda grant: (order.index(grant.role_name), grant.id)),
            standing(account, ends.get(account.id), now),
        )
        for account in accounts
    ]


def facilities() -> list[Facility]:
    """The facilities that a role can be limited to."""
    return list(db.session.scalars(select(Facility).order_by(Facility.name)))


def invite_colleague(
    *,
    email: str,
    first_name: str,
    last_name: str,
    role: RoleName,
    facility_id: int | None,
    now: datetime,
) -> Outcome:
    """Give somebody a staff role, everywhere or in one facility, and mail them. Commits unless refused."""
    try:
        address = tidied(email, now.date())
    except Problem as problem:
        return Outcome(email=email, problem=str(problem))
    facility = None
    if facility_id is not None:
        facility = db.session.scalars(select(Facility).where(Facility.id == facility_id)).one_or_none()
        if facility is None:
            return Outcome(
                email=address, problem="Cette structure n’existe plus\u00a0: choisissez-en une autre."
            )
    account = db.session.scalars(
        select(Account).where(Account.email == address).options(selectinload(Account.grants))
    ).one_or_none()
    if account is None:
        account = new_account(address, first_name.strip(), last_name.strip())
        held = []
    else:
        held = [one for one in account.grants if one.role_name is role and one.facility_id == facility_id]
    if not held:
        db.session.add(RoleGrant(account_id=account.id, role_name=role, facility_id=facility_id))
        db.session.flush()
    words = role_words(role, facility)
    outcome = send(account, now, "team_invitation", "team_added", {"role": words})
    db.session.commit()
    return outcome


@dataclass(frozen=True)
class Worn:
    """A hat in words: « Régie, toutes les structures »."""

    key: str
    words: str


def hats_in_words(account: Account) -> list[Worn]:
    """The hats of an account that has several, in words; nothing when there is no choice. One statement."""
    hats = hats_of(account)
    if len(hats) < 2:
        return []
    ids = {one for hat in hats for one in hat.facility_ids or ()}
    with unscoped("le nom des structures où l’on a soi-même un rôle"):
        rows = db.session.execute(select(Facility.id, Facility.name).where(Facility.id.in_(ids)))
        names = dict(rows.tuples().all())
    return [
        Worn(
            hat.key,
            f"{hat.roles.label}, "
            + (
                "toutes les structures"
                if hat.facility_ids is None
                else joined(sorted(names[one] for one in hat.facility_ids))
            ),
        )
        for hat in hats
    ]


def role_words(role: RoleName, facility: Facility | None) -> str:
    """« Direction de structure, Restaurant scolaire »."""
    return f"{role.label}, {facility.name if facility else 'toutes les structures'}"


def send_again(account_id: int, now: datetime) -> Outcome | None:
    """Send a colleague's link anew: an invitation, or a new password for who had one. Commits."""
    account = db.session.scalars(
        select(Account)
        .where(Account.id == account_id)
        .options(selectinload(Account.grants).joinedload(RoleGrant.facility))
    ).one_or_none()
    if account is None or not account.grants:
        return None
    if account.password_hash is not None:
        return send_reset(account, now)
    grant = min(account.grants, key=lambda one: one.id)
    words = role_words(grant.role_name, grant.facility)
    outcome = send(account, now, "team_invitation", "team_added", {"role": words})
    db.session.commit()
    return outcome


def close_colleague(account_id: int, by: int | None, now: datetime) -> Outcome | None:
    """Take every staff role away from an account; a parent keeps their households. Commits unless refused."""
    account = db.session.scalars(
        select(Account).where(Account.id == account_id).options(selectinload(Account.grants))
    ).one_or_none()
    if account is None or not account.grants:
        return None
    if account.id == by:
        return Outcome(
            email=account.email,
            problem="C’est votre propre accès\u00a0: une autre personne de l’Administration peut le fermer.",
        )
    email = account.email
    for grant in list(account.grants):
        db.session.delete(grant)
    db.session.flush()
    if left(account.id):
        # Its open log-ins lose the service at once; it logs in again as a parent.
        account.stamp = login.new_stamp()
    else:
        close(account, now)
    db.session.commit()
    return Outcome(email=email, account_id=account_id)
