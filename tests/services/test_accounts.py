"""Accesses: invitations, links, passwords, closing; nobody learns who has an account."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.guard import load_account
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.entities.family import MemberKind
from app.models import (
    Account,
    AccountFamily,
    LoginLink,
    Membership,
    OutgoingMail,
    Person,
    RoleGrant,
    Setting,
)
from app.services import accounts, login, login_moves, passwords
from app.services.accounts import Access, Sent
from tests.people import Town

NOW = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)
LONG = "quatre cailloux bleus"
LATER = "sept pigeons sur le toit"


@pytest.fixture
def newcomer(town: Town) -> int:
    """Nora, guardian of household A without an account."""
    with unscoped("essai"):
        nora = Person(first_name="Nora", last_name="Martin", email="Nora@Example.org")
        db.session.add(nora)
        db.session.add(Membership(family_id=town.families["A"], person=nora, member_kind=MemberKind.GUARDIAN))
        db.session.commit()
        return nora.id


def mails(to: str) -> list[OutgoingMail]:
    with unscoped("essai"):
        return list(
            db.session.scalars(
                select(OutgoingMail).where(OutgoingMail.recipient == to).order_by(OutgoingMail.id)
            )
        )


def token_in(mail: OutgoingMail) -> str:
    found = re.search(r"/bienvenue/([\w-]+)", mail.body)
    assert found is not None
    return found[1]


def invite(town: Town, person_id: int, now: datetime = NOW, email: str = "") -> accounts.Outcome:
    with town.acting("desk"):
        outcome = accounts.invite_guardian(town.families["A"], person_id, now, email)
    assert outcome is not None
    return outcome


def account(email: str) -> Account:
    """With its grants and households, as it is now."""
    with unscoped("essai"):
        db.session.expunge_all()
        number = db.session.scalars(select(Account.id).where(Account.email == email)).one()
    row = load_account(number)
    assert row is not None
    return row


def give_password(town: Town, name: str, password: str = LONG) -> None:
    with unscoped("essai"):
        row = db.session.scalars(select(Account).where(Account.id == town.accounts[name])).one()
        row.password_hash = passwords.hash_password(password)
        db.session.commit()


def access_of(town: Town, person_id: int, now: datetime = NOW) -> accounts.Standing:
    with town.acting("desk"):
        household = accounts.household(town.families["A"], now)
        assert household is not None
        return next(one.standing for one in household.guardians if one.person.id == person_id)


# --- Invitations ---------------------------------------------------------------------------------


def test_an_invitation_makes_a_closed_door_account_and_mails_its_link(town: Town, newcomer: int) -> None:
    outcome = invite(town, newcomer)
    assert (outcome.email, outcome.sent) == ("nora@example.org", Sent.INVITATION)
    row = account("nora@example.org")
    assert row.password_hash is None
    assert [reach.family_id for reach in row.reaches] == [town.families["A"]]
    (mail,) = mails("nora@example.org")
    link = login.open_link(token_in(mail), NOW)
    assert link is not None
    assert (link.email, link.is_invitation, link.until) == (
        "nora@example.org",
        True,
        NOW + timedelta(hours=72),
    )


def test_the_database_holds_the_digest_of_a_link_and_not_the_link(town: Town, newcomer: int) -> None:
    token = invite(town, newcomer).link.rsplit("/", 1)[1]
    with unscoped("essai"):
        (row,) = db.session.scalars(select(LoginLink))
    assert row.digest == login.digest_of(token) != token
    assert len(token) >= 43  # 256 bits


def test_a_link_serves_until_its_last_second_and_not_after(town: Town, newcomer: int) -> None:
    token = invite(town, newcomer).link.rsplit("/", 1)[1]
    assert login.open_link(token, NOW + timedelta(hours=72, seconds=-1)) is not None
    assert login.open_link(token, NOW + timedelta(hours=72)) is None


def test_the_life_of_a_link_is_a_setting(town: Town, newcomer: int) -> None:
    with unscoped("essai"):
        db.session.add(Setting(key="link_hours", label="Durée", value="24"))
        db.session.commit()
    token = invite(town, newcomer).link.rsplit("/", 1)[1]
    assert login.open_link(token, NOW + timedelta(hours=24)) is None


def test_a_link_serves_once(town: Town, newcomer: int) -> None:
    token = invite(town, newcomer).link.rsplit("/", 1)[1]
    first, second = login.open_link(token, NOW), login.open_link(token, NOW)
    assert first is not None and second is not None
    assert login.use_link(first, LONG, NOW) == []
    assert login.use_link(second, LATER, NOW) is None
    assert login.open_link(token, NOW) is None
    assert login.check("nora@example.org", LONG) is not None
    assert login.check("nora@example.org", LATER) is None


def test_a_weak_password_does_not_consume_the_link(town: Town, newcomer: int) -> None:
    link = login.open_link(invite(town, newcomer).link.rsplit("/", 1)[1], NOW)
    assert link is not None
    assert login.use_link(link, "court", NOW) != []
    assert login.use_link(link, "nora martin nora martin", NOW) != []
    assert login.use_link(link, LONG, NOW) == []


def test_sending_again_ends_the_link_before(town: Town, newcomer: int) -> None:
    first = invite(town, newcomer).link.rsplit("/", 1)[1]
    second = invite(town, newcomer, NOW + timedelta(minutes=1)).link.rsplit("/", 1)[1]
    assert login.open_link(first, NOW + timedelta(minutes=2)) is None
    assert login.open_link(second, NOW + timedelta(minutes=2)) is not None


def test_the_page_of_accesses_follows_a_parent_from_nothing_to_active(town: Town, newcomer: int) -> None:
    assert access_of(town, newcomer).access is Access.NONE
    link = invite(town, newcomer).link
    assert access_of(town, newcomer).access is Access.INVITED
    assert access_of(town, newcomer).until == NOW + timedelta(hours=72)
    assert access_of(town, newcomer, NOW + timedelta(hours=73)).access is Access.EXPIRED
    opened = login.open_link(link.rsplit("/", 1)[1], NOW)
    assert opened is not None
    login.use_link(opened, LONG, NOW)
    assert access_of(town, newcomer).access is Access.ACTIVE


def test_a_parent_of_two_homes_gets_the_second_on_the_same_account(town: Town) -> None:
    give_password(town, "claire")
    with unscoped("essai"):
        db.session.add(
            Membership(
                family_id=town.families["B"], person_id=town.people["claire"], member_kind=MemberKind.GUARDIAN
            )
        )
        db.session.commit()
    with town.acting("desk"):
        outcome = accounts.invite_guardian(town.families["B"], town.people["claire"], NOW)
    assert outcome is not None and outcome.sent is Sent.TOLD
    assert {reach.family_id for reach in account("claire@example.org").reaches} == set(town.families.values())
    assert "bienvenue" not in mails("claire@example.org")[0].body


def test_a_guardian_without_an_address_is_asked_for_one_and_keeps_it(town: Town, newcomer: int) -> None:
    with unscoped("essai"):
        nora = db.session.scalars(select(Person).where(Person.id == newcomer)).one()
        nora.email = None
        db.session.commit()
    assert "adresse" in invite(town, newcomer).problem
    assert "pas une adresse" in invite(town, newcomer, email="nora@").problem
    assert invite(town, newcomer, email=" Nora.M@Example.org ").email == "nora.m@example.org"
    with unscoped("essai"):
        assert (
            db.session.scalars(select(Person.email).where(Person.id == newcomer)).one()
            == "nora.m@example.org"
        )


def test_two_parents_of_a_household_do_not_share_an_account(town: Town, newcomer: int) -> None:
    with unscoped("essai"):
        nora = db.session.scalars(select(Person).where(Person.id == newcomer)).one()
        nora.email = "claire@example.org"
        db.session.commit()
    assert "Claire Martin" in invite(town, newcomer).problem
    assert access_of(town, newcomer).access is Access.NONE


def test_a_mistyped_address_is_mended_and_the_old_mailbox_opens_nothing(town: Town, newcomer: int) -> None:
    wrong = invite(town, newcomer).link.rsplit("/", 1)[1]
    with unscoped("essai"):
        nora = db.session.scalars(select(Person).where(Person.id == newcomer)).one()
        nora.email = "nora.right@example.org"
        db.session.commit()
    assert invite(town, newcomer).email == "nora.right@example.org"
    assert login.open_link(wrong, NOW) is None
    with unscoped("essai"):
        assert (
            db.session.scalar(select(func.count(Account.id)).where(Account.email == "nora@example.org")) == 0
        )


def test_the_account_of_a_colleague_never_follows_the_address_of_a_parent(town: Town, newcomer: int) -> None:
    """A secretary who edits a record must not receive an administrator's invitation."""
    invite(town, newcomer)
    row = account("nora@example.org")
    with unscoped("essai"):
        db.session.add(RoleGrant(account_id=row.id, role_name=RoleName.ADMIN))
        nora = db.session.scalars(select(Person).where(Person.id == newcomer)).one()
        nora.email = "mallory@example.org"
        db.session.commit()
    invite(town, newcomer)
    assert account("mallory@example.org").grants == []
    assert [grant.role_name for grant in account("nora@example.org").grants] == [RoleName.ADMIN]


def test_a_household_out_of_reach_cannot_be_invited_nor_closed(town: Town) -> None:
    with town.acting("hugo"):
        assert accounts.household(town.families["B"], NOW) is None
        assert accounts.invite_guardian(town.families["B"], town.people["denis"], NOW) is None
        assert accounts.close_household(town.families["B"], town.accounts["denis"], NOW) is None


def test_a_child_is_not_invited(town: Town) -> None:
    with town.acting("desk"):
        assert accounts.invite_guardian(town.families["A"], town.people["lila"], NOW) is None


# --- Closing -------------------------------------------------------------------------------------


def test_closing_the_only_household_closes_the_account_and_its_cookies_at_once(town: Town) -> None:
    cookie = account("claire@example.org").get_id()
    with town.acting("desk"):
        assert accounts.close_household(town.families["A"], town.accounts["claire"], NOW) == "Claire Martin"
    row = load_account(town.accounts["claire"])
    assert row is not None and not row.is_active
    assert row.get_id() != cookie


def test_closing_one_of_two_households_leaves_the_other_open(town: Town) -> None:
    with town.acting("desk"):
        accounts.close_household(town.families["A"], town.accounts["paul"], NOW)
    row = load_account(town.accounts["paul"])
    assert row is not None and row.is_active
    assert [reach.family_id for reach in row.reaches] == [town.families["B"]]


def test_an_access_that_was_closed_reopens_with_the_same_password(town: Town) -> None:
    give_password(town, "claire")
    with town.acting("desk"):
        accounts.close_household(town.families["A"], town.accounts["claire"], NOW)
        assert login.check("claire@example.org", LONG) is None
        accounts.invite_guardian(town.families["A"], town.people["claire"], NOW)
    assert login.check("claire@example.org", LONG) is not None


def test_a_parent_whose_mailbox_is_lost_enters_with_the_new_address(town: Town) -> None:
    give_password(town, "claire")
    with unscoped("essai"):
        claire = db.session.scalars(select(Person).where(Person.id == town.people["claire"])).one()
        claire.email = "claire.new@example.org"
        db.session.commit()
    with town.acting("desk"):
        outcome = login_moves.move_login(town.families["A"], town.people["claire"], NOW)
    assert outcome is not None and not outcome.problem
    assert login.check("claire@example.org", LONG) is None
    assert login.check("claire.new@example.org", LONG) is not None
    assert mails("claire@example.org") and mails("claire.new@example.org")


def test_an_address_that_another_parent_wrote_is_not_entered_with(town: Town) -> None:
    """Else one parent would take the account of the other, with one click of the service."""
    give_password(town, "claire")
    for author, is_done in (("paul", False), ("claire", True)):
        with town.acting(author):
            claire = db.session.scalars(select(Person).where(Person.id == town.people["claire"])).one()
            claire.email = f"{author}.new@example.org"
            db.session.commit()
        with town.acting("desk"):
            outcome = login_moves.move_login(town.families["A"], town.people["claire"], NOW)
            db.session.rollback()
        assert outcome is not None
        assert bool(outcome.problem) is not is_done, author
    with unscoped("vérification"):
        assert db.session.scalars(select(Account.id).where(Account.email == "claire.new@example.org")).one()


def test_nobody_takes_an_address_that_is_already_an_account(town: Town) -> None:
    with unscoped("essai"):
        claire = db.session.scalars(select(Person).where(Person.id == town.people["claire"])).one()
        claire.email = "denis@example.org"
        db.session.commit()
    with town.acting("desk"):
        outcome = login_moves.move_login(town.families["A"], town.people["claire"], NOW)
        db.session.rollback()
    assert outcome is not None and "déjà" in outcome.problem
    assert account("claire@example.org").id == town.accounts["claire"]


def test_an_access_out_of_the_secretarys_reach_still_counts(town: Town) -> None:
    """A secretary limited to one facility closes what they see; what they don't see stays open."""
    from datetime import date

    from app.models import Registration

    with unscoped("essai"):
        db.session.add(
            Registration(
                family_id=town.families["A"],
                child_id=town.people["lila"],
                activity_id=town.activities["cantine"],
                school_year_id=town.school_year,
                starts_on=date(2026, 9, 1),
                ends_on=date(2027, 7, 3),
            )
        )
        db.session.commit()
    with town.acting("hugo"):
        assert accounts.close_household(town.families["A"], town.accounts["paul"], NOW) is not None
    row = load_account(town.accounts["paul"])
    assert row is not None and row.is_active
    with unscoped("essai"):
        left = db.session.scalars(select(AccountFamily).where(AccountFamily.account_id == row.id)).all()
    assert [reach.family_id for reach in left] == [town.families["B"]]
