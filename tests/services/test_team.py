"""The staff's accesses: roles, invitations, closing."""

from datetime import UTC, datetime

from sqlalchemy import select

from app.access.database import db
from app.access.guard import load_account
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.models import Account, HistoryEntry, OutgoingMail, RoleGrant
from app.services import team
from tests.people import Town

NOW = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)


def mails(to: str) -> list[OutgoingMail]:
    with unscoped("essai"):
        return list(
            db.session.scalars(
                select(OutgoingMail).where(OutgoingMail.recipient == to).order_by(OutgoingMail.id)
            )
        )


def account(email: str) -> Account:
    """With its grants and households, as it is now."""
    with unscoped("essai"):
        db.session.expunge_all()
        number = db.session.scalars(select(Account.id).where(Account.email == email)).one()
    row = load_account(number)
    assert row is not None
    return row


def test_a_colleague_is_invited_in_one_facility(town: Town) -> None:
    with town.acting("admin"):
        outcome = team.invite_colleague(
            email="Ada@Example.org",
            first_name="Ada",
            last_name="Service",
            role=RoleName.HEAD,
            facility_id=town.facilities["restaurant"],
            now=NOW,
        )
    assert outcome.problem == ""
    (grant,) = account("ada@example.org").grants
    assert (grant.role_name, grant.facility_id) == (RoleName.HEAD, town.facilities["restaurant"])
    assert "Direction de structure, Restaurant scolaire" in mails("ada@example.org")[0].body


def test_the_same_role_is_not_given_twice(town: Town) -> None:
    for _ in range(2):
        with town.acting("admin"):
            team.invite_colleague(
                email="ada@example.org",
                first_name="Ada",
                last_name="S",
                role=RoleName.DESK,
                facility_id=None,
                now=NOW,
            )
    assert len(account("ada@example.org").grants) == 1
    assert len(mails("ada@example.org")) == 2


def test_closing_a_colleague_who_is_a_parent_leaves_them_their_household(town: Town) -> None:
    with unscoped("essai"):
        db.session.add(RoleGrant(account_id=town.accounts["claire"], role_name=RoleName.DESK))
        db.session.commit()
    with town.acting("admin"):
        team.close_colleague(town.accounts["claire"], town.accounts["admin"], NOW)
        team.close_colleague(town.accounts["hugo"], town.accounts["admin"], NOW)
    claire, hugo = load_account(town.accounts["claire"]), load_account(town.accounts["hugo"])
    assert claire is not None and claire.is_active and claire.grants == []
    assert hugo is not None and not hugo.is_active


def test_nobody_closes_their_own_access(town: Town) -> None:
    with town.acting("admin"):
        outcome = team.close_colleague(town.accounts["admin"], town.accounts["admin"], NOW)
    assert outcome is not None and outcome.problem
    assert load_account(town.accounts["admin"]).is_active  # type: ignore[union-attr]


def test_a_grant_that_is_taken_away_stays_in_the_history(town: Town) -> None:
    with town.acting("admin"):
        team.close_colleague(town.accounts["hugo"], town.accounts["admin"], NOW)
    with unscoped("essai"):
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.action == "delete")).one()
    assert (entry.entity, entry.account_id) == ("RoleGrant", town.accounts["admin"])
