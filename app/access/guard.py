"""Flask-AppBuilder's security manager, told that our accounts and our declarations decide.

The framework's own users, roles and permission rows are not used: rights derive from the
declarations (``permissions.py``), so no table can drift from the code. See decision 0002.
"""

from typing import Any

from flask_appbuilder.security.sqla.manager import SecurityManager
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Side, Viewer, current_viewer, unscoped
from app.declare import FAMILY, NOBODY
from app.models import Account, AccountFamily


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


def viewer_of(account: Account, side: Side, family_id: int | None = None) -> Viewer:
    """The viewer an account is on that side; ``family_id`` is kept only if it is in reach."""
    roles = FAMILY if account.reaches else NOBODY
    for grant in account.grants:
        roles |= grant.role_name.role
    facilities = {grant.facility_id for grant in account.grants}
    families = sorted(reach.family_id for reach in account.reaches)
    return Viewer(
        account_id=account.id,
        name=account.full_name,
        email=account.email,
        side=side,
        roles=roles,
        family_ids=frozenset(families),
        facility_ids=None if None in facilities else frozenset(f for f in facilities if f is not None),
        family_id=family_id if family_id in families else (families[0] if families else None),
    )
