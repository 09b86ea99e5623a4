"""The demonstration shows every state there is, respects the rules of the town, and invents everybody."""

import json
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access.database import db
from app.access.guard import load_account, viewer_of
from app.access.viewer import Side, acting, unscoped
from app.declare import Kind, Problem, entities
from app.entities.account import RoleName
from app.entities.billing import InvoiceStatus
from app.entities.booking import BookingStatus, Presence, RegistrationStatus
from app.entities.exchange import MailStatus, RequestStatus, ThreadStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Subject
from app.models import (
    Account,
    AccountFamily,
    Activity,
    Booking,
    Bracket,
    ChangeRequest,
    ClosingDay,
    Deferral,
    Document,
    DocumentType,
    Facility,
    Family,
    Invoice,
    Membership,
    Opening,
    OutgoingMail,
    Person,
    Publication,
    Quotient,
    Registration,
    RoleGrant,
    Rule,
    Thread,
    Unit,
)
from app.services import files, paperwork, passwords
from app.services.demo.accounts import PASSWORD, STAFF
from tests.services.demo.conftest import TODAY


def told(app: Flask) -> list[dict[str, Any]]:
    """The accounts named on the first screen."""
    path = Path(app.config["MARELLE_HOME"]) / "demo-accounts.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def account(email: str) -> Account:
    with unscoped("test"):
        number = db.session.scalars(select(Account.id).where(Account.email == email)).one()
    found = load_account(number)
    assert found is not None
    return found


def kinds(column: Any) -> set[Any]:
    with unscoped("test"):
        return set(db.session.scalars(select(column).distinct()))


# --- Every state there is ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "states"),
    [
        (Document.status, set(DocumentStatus)),
        (
            Registration.status,
            {RegistrationStatus.ASKED, RegistrationStatus.ACCEPTED, RegistrationStatus.REFUSED},
        ),
        (Booking.status, set(BookingStatus)),
        (Booking.presence, {*Presence, None}),
        (ChangeRequest.status, {RequestStatus.WAITING, RequestStatus.ACCEPTED, RequestStatus.REFUSED}),
        (Thread.status, set(ThreadStatus)),
        (Invoice.status, {InvoiceStatus.TO_PAY}),
        (RoleGrant.role_name, set(RoleName)),
        (Membership.member_kind, set(MemberKind)),
    ],
    # A set has no order of its own: two processes would name the test differently.
    ids=lambda value: "states" if isinstance(value, set) else str(value),
)
def test_every_state_is_there(demo_town: Flask, column: Any, states: set[Any]) -> None:
    assert kinds(column) == states


def test_some_documents_are_missing_and_some_put_off(demo_town: Flask) -> None:
    with unscoped("test"):
        assert db.session.scalar(select(func.count()).select_from(Deferral))
        (assurance,) = db.session.scalars(select(DocumentType).where(DocumentType.code == "assurance"))
        given = set(
            db.session.scalars(select(Document.person_id).where(Document.document_type_id == assurance.id))
        )
        registered = set(db.session.scalars(select(Registration.child_id)))
    assert assurance.subject is Subject.CHILD
    assert registered - given


def test_every_facility_has_children_and_every_activity_bookings(demo_town: Flask) -> None:
    with unscoped("test"):
        facilities = db.session.scalars(
            select(Facility.code).join(Activity).join(Registration).distinct().order_by(Facility.code)
        ).all()
        units = db.session.scalar(select(func.count(Booking.unit_id.distinct())))
        offered = db.session.scalar(select(func.count()).select_from(Unit))
    assert facilities == ["accueil-jeunes", "grappaloups", "multi-accueil", "periscolaire", "restaurant"]
    assert units == offered


def test_quotients_fall_in_every_bracket_of_the_canteen_and_some_are_unknown(demo_town: Flask) -> None:
    with unscoped("test"):
        brackets = db.session.scalars(
            select(Bracket).join(Bracket.tariff).where(Bracket.tariff.has(code="cantine-repas"))
        ).all()
        amounts = list(db.session.scalars(select(Quotient.amount)))
        known = set(db.session.scalars(select(Quotient.family_id)))
        families = set(db.session.scalars(select(Family.id)))
    for one in brackets:
        low, high = one.from_quotient or 0, one.until_quotient
        assert any(low <= amount and (high is None or amount < high) for amount in amounts), one.price
    assert families - known


def test_past_months_are_billed_and_their_mails_are_gone(demo_town: Flask) -> None:
    with unscoped("test"):
        months = set(db.session.scalars(select(Invoice.month_on)))
        waiting = db.session.scalar(
            select(func.count()).select_from(OutgoingMail).where(OutgoingMail.status != MailStatus.SENT)
        )
    assert months == {date(2026, 9, 1), date(2026, 10, 1)}
    assert waiting == 0


# --- The town's rules ----------------------------------------------------------------------------


def test_nobody_is_booked_on_a_day_that_is_shut(demo_town: Flask) -> None:
    with unscoped("test"):
        shut = db.session.scalar(
            select(func.count())
            .select_from(Booking)
            .join(ClosingDay, ClosingDay.closed_on == Booking.booked_on)
            .join(Unit, Unit.id == Booking.unit_id)
            .join(Activity, Activity.id == Unit.activity_id)
            .where((ClosingDay.facility_id.is_(None)) | (ClosingDay.facility_id == Activity.facility_id))
        )
        without = db.session.scalar(
            select(func.count())
            .select_from(Booking)
            .outerjoin(Opening, (Opening.unit_id == Booking.unit_id) & (Opening.open_on == Booking.booked_on))
            .where(Opening.id.is_(None))
        )
    assert (shut, without) == (0, 0)


def test_one_booking_alone_breaks_a_rule_and_it_is_to_come(demo_town: Flask) -> None:
    standing = (BookingStatus.ASKED, BookingStatus.CONFIRMED, BookingStatus.WAITING)
    with unscoped("test"):
        codes = {
            unit.id: f"{unit.activity.code}.{unit.code}"
            for unit in db.session.scalars(select(Unit).join(Unit.activity))
        }
        needs = {
            one.parameters["unit"]: set(one.parameters["needs"])
            for one in db.session.scalars(select(Rule).where(Rule.rule_kind == "requires"))
        }
        by_day: dict[tuple[int, date], set[str]] = {}
        for child_id, on, unit_id in db.session.execute(
            select(Booking.child_id, Booking.booked_on, Booking.unit_id).where(Booking.status.in_(standing))
        ):
            by_day.setdefault((child_id, on), set()).add(codes[unit_id])
    broken = [
        on for (_, on), units in by_day.items() for unit in units & needs.keys() if not needs[unit] <= units
    ]
    assert len(broken) == 1
    assert broken[0] > TODAY


def test_no_unit_holds_more_children_than_its_places(demo_town: Flask) -> None:
    holds = (BookingStatus.ASKED, BookingStatus.CONFIRMED)
    counting = (
        select(Booking.unit_id, Booking.booked_on, func.count())
        .where(Booking.status.in_(holds))
        .group_by(Booking.unit_id, Booking.booked_on)
    )
    with unscoped("test"):
        places = dict(db.session.execute(select(Unit.id, Unit.places)).tuples().all())
        own = {
            (unit_id, on): count
            for unit_id, on, count in db.session.execute(
                select(Opening.unit_id, Opening.open_on, Opening.places).where(Opening.places.is_not(None))
            )
        }
        for unit_id, on, count in db.session.execute(counting):
            limit = own.get((unit_id, on), places[unit_id])
            assert limit is None or count <= limit


def test_days_before_today_are_ticked_and_no_others(demo_town: Flask) -> None:
    confirmed = select(func.count()).select_from(Booking).where(Booking.status == BookingStatus.CONFIRMED)
    with unscoped("test"):
        past = db.session.scalar(confirmed.where(Booking.booked_on < TODAY, Booking.presence.is_(None)))
        coming = db.session.scalar(confirmed.where(Booking.booked_on >= TODAY, Booking.presence.is_not(None)))
        last = db.session.scalar(select(func.max(Booking.booked_on)))
    assert (past, coming) == (0, 0)
    assert last is not None
    assert TODAY + timedelta(days=20) < last < TODAY + timedelta(days=30)


def test_every_value_would_pass_the_checks_of_its_attribute(demo_town: Flask) -> None:
    wrong = []
    with unscoped("test"):
        for entity in (Family, Person, Account, Quotient):
            for row in db.session.scalars(select(entity)):
                for one in entity.__attributes__.values():
                    value = None if one.kind is Kind.RELATION else getattr(row, one.name)
                    for check in one.checks if value is not None else ():
                        try:
                            if check(value, TODAY) != value:
                                wrong.append((one.name, value, "n’est pas rangé"))
                        except Problem as error:
                            wrong.append((one.name, value, str(error)))
    assert wrong == []


# --- Nobody exists -------------------------------------------------------------------------------


def test_every_address_and_telephone_is_fictional(demo_town: Flask) -> None:
    phone = re.compile(r"0[1-9] \d\d \d\d \d\d \d\d|0[1-9](?:\.?\d\d){4}")
    wrong = []
    with unscoped("test"):
        for entity in entities():
            for one in entity.__attributes__.values():
                if one.kind not in (Kind.EMAIL, Kind.PHONE):
                    continue
                for value in db.session.scalars(select(getattr(entity, one.name)).distinct()):
                    if value is None:
                        continue
                    is_mail = one.kind is Kind.EMAIL and value.endswith("@example.org")
                    is_phone = phone.fullmatch(value) and value[:8] in ("06 39 98", "01 99 00", "04 65 71")
                    if not is_mail and not is_phone:
                        wrong.append((entity.__name__, value))
    assert wrong == []


def test_every_document_is_a_pdf_that_opens(demo_town: Flask) -> None:
    with unscoped("test"):
        refs = {one.key: one for one in db.session.scalars(select(Document.file)) if one is not None}
        refs |= {one.key: one for one in db.session.scalars(select(Publication.file)) if one is not None}
    assert len(refs) > 20
    for one in refs.values():
        with pikepdf.open(files.open_path(one)) as document:
            assert len(document.pages) >= 1


# --- Who logs in ---------------------------------------------------------------------------------


def test_the_first_screen_names_one_account_a_role_and_all_open_with_the_same_password(
    demo_town: Flask,
) -> None:
    named = told(demo_town)
    labels = {one["role"] for one in named}
    assert labels >= {
        "Parent",
        "Parent de deux foyers",
        "Secrétariat",
        "Régie",
        "Paramétrage",
        "Administration",
    }
    assert labels >= {label for label, *_ in STAFF}
    for one in named:
        assert passwords.verify(account(one["email"]).password_hash, one["password"])


def test_the_password_would_be_accepted_of_a_parent() -> None:
    assert (
        passwords.problems(PASSWORD, email="virginie.durandet@example.org", names=["Virginie", "Durandet"])
        == []
    )


def test_a_head_reaches_one_facility_and_its_children_alone(demo_town: Flask) -> None:
    viewer = viewer_of(account("direction@example.org"), Side.STAFF)
    with unscoped("test"):
        every = db.session.scalar(select(func.count()).select_from(Registration))
    with acting(viewer):
        seen = db.session.scalars(select(Registration)).all()
        places = {one.activity.facility.code for one in seen}
    assert places == {"grappaloups"}
    assert 0 < len(seen) < (every or 0)


def test_a_parent_reaches_the_rows_of_their_households_alone(demo_town: Flask) -> None:
    parent = account(told(demo_town)[0]["email"])
    own = {one.family_id for one in parent.reaches}
    with acting(viewer_of(parent, Side.FAMILY)):
        for entity in (Booking, Document, Registration, Invoice, Membership, Thread):
            assert set(db.session.scalars(select(entity.family_id))) <= own
        assert db.session.scalar(select(func.count()).select_from(Booking))


def test_one_parent_reaches_two_households(demo_town: Flask) -> None:
    (named,) = (one for one in told(demo_town) if one["role"] == "Parent de deux foyers")
    assert len(account(named["email"]).reaches) == 2


def test_some_children_have_two_homes_that_share_the_weeks(demo_town: Flask) -> None:
    with unscoped("test"):
        homes = (
            select(Membership.person_id)
            .where(Membership.member_kind == MemberKind.CHILD)
            .group_by(Membership.person_id)
            .having(func.count() == 2)
        )
        children = list(db.session.scalars(homes))
        twice = db.session.execute(
            select(Booking.child_id, Booking.unit_id, Booking.booked_on)
            .group_by(Booking.child_id, Booking.unit_id, Booking.booked_on)
            .having(func.count() > 1)
        ).all()
        booked_by = db.session.execute(
            select(Booking.child_id, Booking.family_id).where(Booking.child_id.in_(children)).distinct()
        ).all()
    assert len(children) == 6
    assert twice == []
    assert len(booked_by) > len(children)


def test_each_household_has_a_login(demo_town: Flask) -> None:
    with unscoped("test"):
        without = set(db.session.scalars(select(Family.id))) - set(
            db.session.scalars(select(AccountFamily.family_id))
        )
    assert without == set()


# --- The household with things to do ---------------------------------------------------------------


def test_the_first_household_has_something_of_everything_to_do(demo_town: Flask) -> None:
    parent = account(told(demo_town)[0]["email"])
    (family_id,) = (one.family_id for one in parent.reaches)
    with acting(viewer_of(parent, Side.FAMILY)):
        demands = paperwork.demands(family_id, TODAY)
        waiting = db.session.scalars(select(ChangeRequest.status)).all()
        invoices = db.session.scalar(select(func.count()).select_from(Invoice))
    states = {one.state for one in demands}
    assert {
        paperwork.DemandState.MISSING,
        paperwork.DemandState.REFUSED,
        paperwork.DemandState.RECEIVED,
    } <= states
    assert waiting == [RequestStatus.WAITING]
    assert invoices == 2


def test_one_missing_document_alone_keeps_its_second_child_from_the_wednesday_centre(
    demo_town: Flask,
) -> None:
    parent = account(told(demo_town)[0]["email"])
    (family_id,) = (one.family_id for one in parent.reaches)
    with acting(viewer_of(parent, Side.FAMILY)):
        (activity,) = db.session.scalars(select(Activity).where(Activity.code == "mercredi"))
        eldest, second = paperwork.load(family_id).children()
        missing = paperwork.missing_for(second.id, family_id, activity, TODAY)
        registered = set(
            db.session.scalars(select(Registration.child_id).where(Registration.activity_id == activity.id))
        )
    assert [one.code for one in missing] == ["assurance"]
    assert registered == {eldest.id}
