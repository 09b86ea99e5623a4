"""Flask-AppBuilder's security manager, told that our accounts and our declarations decide.

The framework's own users, roles and permission rows are not used: rights derive from the
declarations (``permissions.py``), so no table can drift from the code. See decision 0002.
"""

from dataclasses import dataclass, replace
from typing import Any

from flask_appbuilder.security.sqla.manager import SecurityManager
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access import asking, tightening
from app.access.database import db
from app.access.viewer import Side, Viewer, current_viewer, hat_key, unscoped
from app.declare import FAMILY, NOBODY, STAFF, Role
from app.models import Account, AccountFamily, ApiToken


class Guard(SecurityManager):
    """Loads accounts of ours; adds no screen of its own; answers ``has_access`` by roles."""

    user_model = Account

    def register_views(self) -> None:
        """None: log-in and accounts are screens of ours, listed in app/views.py."""

    def create_db(self) -> None:
        """None: Alembic makes the tables."""

    def get_first_user(self) -> Any:
        """None: first users come from ``flask account create``."""
        return None

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Whether whoever is asking may use that screen: the page itself knows."""
        viewer = current_viewer()
        page = next((one for one in self.appbuilder.baseviews if type(one).__name__ == view_name), None)
        allows = getattr(page, "allows", None)
        return bool(viewer and allows and allows(permission_name.removeprefix("can_"), viewer))

    def load_user(self, pk: str) -> Account | None:
        """The open account whose number and stamp are in the cookie; None otherwise."""
        number, _, stamp = str(pk).partition(".")
        if not number.isdecimal():
            return None
        account = load_account(int(number))
        return account if account and account.is_active_account and account.stamp == stamp else None


def load_account(account_id: int) -> Account | None:
    """The account with its grants and its households, in one statement."""
    with unscoped("l'entrée se fait avant que l'on sache qui demande"):
        return (
            db.session.scalars(
                select(Account)
                .where(Account.id == account_id)
                .options(
                    joinedload(Account.grants),
                    joinedload(Account.reaches).joinedload(AccountFamily.family),
                )
            )
            .unique()
            .one_or_none()
        )


@dataclass(frozen=True)
class Hat:
    """Staff roles that hold in the same facilities; one acts under one hat at a time.

    A head of one facility who bills for the whole town would otherwise be a head everywhere: what a role
    sees of a row and which rows it reaches are told apart nowhere else. ``facility_ids`` None: everywhere.
    """

    roles: Role = NOBODY
    facility_ids: frozenset[int] | None = None

    @property
    def key(self) -> str:
        """Its name in a cookie."""
        return hat_key(self.facility_ids)


def hats_of(account: Account) -> list[Hat]:
    """The hats of an account: what holds everywhere first, then the widest."""
    held: dict[Role, set[int | None]] = {}
    for grant in account.grants:
        held.setdefault(grant.role_name.role, set()).add(grant.facility_id)
    grouped: dict[frozenset[int] | None, Role] = {}
    for role, facilities in held.items():
        where = None if None in facilities else frozenset(one for one in facilities if one is not None)
        grouped[where] = grouped.get(where, NOBODY) | role
    hats = [Hat(roles, where) for where, roles in grouped.items()]
    return sorted(hats, key=lambda one: (one.key != "*", -len(one.facility_ids or ()), one.key))


def viewer_of(account: Account, side: Side, family_id: int | None = None, hat: str | None = None) -> Viewer:
    """The viewer an account is on that side; ``family_id`` and ``hat`` are kept only if they are its own."""
    hats = hats_of(account) or [Hat(facility_ids=frozenset())]
    worn = next((one for one in hats if one.key == hat), hats[0])
    roles = worn.roles | (FAMILY if account.reaches else NOBODY)
    families = sorted(reach.family_id for reach in account.reaches)
    return Viewer(
        account_id=account.id,
        name=account.full_name,
        email=account.email,
        side=side,
        roles=roles,
        family_ids=frozenset(families),
        facility_ids=worn.facility_ids,
        family_id=family_id if family_id in families else (families[0] if families else None),
        tightened=tightening.in_force(),
        asked=asking.in_force(),
    )


def viewer_of_token(token: ApiToken) -> Viewer | None:
    """The viewer that a token is, on the service's side; None when it opens nothing any more.

    A colleague's never does more than the account does now: its hat must still be one of theirs, the
    stamp must be that of today. Asks for ``account`` with its grants and households, loaded.
    """
    chosen = Role(0)
    for role in STAFF:
        if role.code in token.roles:
            chosen |= role
    account = token.account
    if account is None:
        where = None if token.facility_id is None else frozenset((token.facility_id,))
        name = f"Programme\u00a0: {token.label}"
        if not chosen:
            return None
        rights = tightening.in_force()
        return Viewer(
            None,
            name,
            Side.STAFF,
            roles=chosen,
            facility_ids=where,
            tightened=rights,
            asked=asking.in_force(),
        )
    if not account.is_active_account or account.stamp != token.stamp:
        return None
    hat = next((one for one in hats_of(account) if one.key == token.hat), None)
    if hat is None or not hat.roles & chosen:
        return None
    worn = viewer_of(account, Side.STAFF, hat=hat.key)
    name = f"{account.full_name[:100]} (jeton {token.label})"  # the history has 200 signs for it
    return replace(worn, name=name, roles=hat.roles & chosen)
