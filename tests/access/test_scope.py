"""Rows out of reach do not exist: not read, not counted, not joined, not pointed at."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import joinedload

from app.access.criteria import is_told_by_household
from app.access.database import db
from app.access.scope import OutOfScope
from app.access.statements import ScopeRefused
from app.access.viewer import NoViewer, acting, unscoped
from app.declare import Role, entities, entity_named
from app.entities.account import RoleName
from app.entities.question import Answering, QuestionKind, QuestionSection
from app.models import (
    Account,
    Activity,
    Family,
    HealthRecord,
    Membership,
    Person,
    Question,
    Registration,
    RoleGrant,
    Thread,
)
from tests.people import Town


def names(rows: list[Person]) -> set[str]:
    return {row.first_name for row in rows}


def test_a_query_with_nobody_asking_fails(town: Town) -> None:
    with pytest.raises(NoViewer):
        db.session.scalars(select(Family)).all()


def test_a_parent_reads_their_own_household_and_its_people_only(town: Town) -> None:
    with town.acting("claire"):
        assert [f.name for f in db.session.scalars(select(Family))] == ["Martin"]
        assert names(list(db.session.scalars(select(Person)))) == {"Claire", "Lila", "Zoé"}


def test_a_child_of_two_homes_shows_nothing_of_the_other_household(town: Town) -> None:
    with town.acting("claire"):
        links = db.session.scalars(select(Membership).where(Membership.person_id == town.people["zoe"])).all()
        assert [link.family_id for link in links] == [town.families["A"]]


def test_an_account_of_two_households_reads_both(town: Town) -> None:
    with town.acting("paul"):
        assert len(db.session.scalars(select(Family)).all()) == 2


def test_counts_and_joins_are_narrowed_like_lists(town: Town) -> None:
    with town.acting("claire"):
        assert db.session.scalar(select(func.count()).select_from(Person)) == 3
        joined = select(Membership).join(Membership.person).where(Person.first_name == "Tom")
        assert db.session.scalars(joined).all() == []
        eager = db.session.scalars(select(Membership).options(joinedload(Membership.family))).all()
        assert {link.family.name for link in eager} == {"Martin"}


def test_one_compiled_statement_serves_two_parents_without_mixing_them(town: Town) -> None:
    for name, seen in (("claire", "Martin"), ("denis", "Durand"), ("claire", "Martin")):
        with town.acting(name):
            assert [f.name for f in db.session.scalars(select(Family))] == [seen]
        db.session.expunge_all()


def test_bulk_update_and_delete_touch_rows_in_reach_only(town: Town) -> None:
    with town.acting("claire"):
        db.session.execute(update(Family).values(phone="06 00 00 00 00"))
        db.session.execute(delete(Membership))
        db.session.commit()
    with unscoped("vérification"):
        assert db.session.scalars(select(Family.name).where(Family.phone.is_not(None))).all() == ["Martin"]
        assert db.session.scalar(select(func.count()).select_from(Membership)) == 3


def test_raw_sql_is_refused_unless_unscoped(town: Town) -> None:
    with town.acting("claire"), pytest.raises(ScopeRefused):
        db.session.execute(text("select * from family"))
    with unscoped("vérification"):
        assert len(db.session.execute(text("select * from family")).all()) == 2


def test_a_parent_cannot_point_at_another_household(town: Town) -> None:
    with town.acting("claire"):
        db.session.add(HealthRecord(child_id=town.people["tom"]))
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()
        mine = db.session.scalars(select(Membership).where(Membership.person_id == town.people["lila"])).one()
        mine.family_id = town.families["B"]
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()


def test_a_key_is_checked_even_when_its_row_was_read_before(town: Town) -> None:
    with town.acting("claire"):
        mine = db.session.scalars(select(Membership).where(Membership.person_id == town.people["lila"])).one()
        assert mine.family.name == "Martin"
        mine.family_id = town.families["B"]
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()


def test_a_joined_load_brings_no_row_out_of_reach(town: Town) -> None:
    with unscoped("une conversation d'une famille que la cantine ne connaît pas"):
        thread = Thread(
            family_id=town.families["A"],
            facility_id=town.facilities["restaurant"],
            subject="Repas",
            last_at=datetime(2026, 12, 1, tzinfo=UTC),
        )
        db.session.add(thread)
        db.session.commit()
        db.session.expunge_all()
    with town.acting("hugo"):
        (found,) = db.session.scalars(select(Thread).options(joinedload(Thread.family)))
        is_hidden = found.family is None
    assert is_hidden
    db.session.expunge_all()
    with town.acting("head"):
        (found,) = db.session.scalars(select(Thread).options(joinedload(Thread.family)))
        assert found.family.name == "Martin"


def test_a_row_left_pending_is_checked_before_anything_is_unscoped(town: Town) -> None:
    with town.acting("claire"):
        db.session.add(HealthRecord(child_id=town.people["tom"]))
        with pytest.raises(OutOfScope), unscoped("une lecture au passage"):
            db.session.scalars(select(Family)).all()
        db.session.rollback()


def test_a_parent_writes_no_public_setting(town: Town) -> None:
    with town.acting("claire"):
        lunch = db.session.scalars(select(Activity).where(Activity.id == town.activities["cantine"])).one()
        lunch.name = "Gratuit"
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()


def test_a_facility_head_reads_the_households_registered_there_only(town: Town) -> None:
    with unscoped("inscription de Lila à la cantine"):
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
        db.session.add(
            Registration(
                family_id=town.families["B"],
                child_id=town.people["tom"],
                activity_id=town.activities["mercredi"],
                school_year_id=town.school_year,
                starts_on=date(2026, 9, 1),
                ends_on=date(2027, 7, 3),
            )
        )
        db.session.commit()
    with town.acting("hugo"):
        assert [f.name for f in db.session.scalars(select(Family))] == ["Martin"]
        assert "Tom" not in names(list(db.session.scalars(select(Person))))
        assert [a.code for a in db.session.scalars(select(Activity))] == ["cantine"]
    with town.acting("head"):
        assert len(db.session.scalars(select(Family)).all()) == 2


@pytest.mark.parametrize("name", ["claire", "hugo", "desk"])
def test_every_entity_can_be_listed_by_everyone_without_an_error(town: Town, name: str) -> None:
    with town.acting(name):
        for entity in entities():
            db.session.scalars(select(entity)).all()


@pytest.mark.parametrize(
    ("facility", "is_given"), [("restaurant", True), ("grappaloups", False), (None, False)]
)
def test_who_holds_a_role_in_some_facilities_gives_it_in_those_alone(
    town: Town, facility: str | None, is_given: bool
) -> None:
    here = replace(
        town.viewer("admin"), facility_ids=frozenset({town.facilities["restaurant"]}), roles=Role.ADMIN
    )
    with acting(here):
        grant = RoleGrant(
            account_id=town.accounts["hugo"],
            role_name=RoleName.ADMIN,
            facility_id=town.facilities[facility] if facility else None,
        )
        db.session.add(grant)
        if is_given:
            db.session.flush()
            grant.facility_id = None
        with pytest.raises(OutOfScope):
            db.session.flush()
        db.session.rollback()


@pytest.mark.parametrize(
    ("name", "is_changed"), [("hugo", True), ("claire", True), ("desk", False), ("configurator", False)]
)
def test_who_holds_a_role_in_some_facilities_changes_no_account_that_holds_more(
    town: Town, name: str, is_changed: bool
) -> None:
    here = replace(
        town.viewer("admin"), facility_ids=frozenset({town.facilities["restaurant"]}), roles=Role.ADMIN
    )
    with acting(here):
        row = db.session.scalars(select(Account).where(Account.id == town.accounts[name])).one()
        row.email = "a-moi@example.org"
        if is_changed:
            db.session.flush()
        else:
            with pytest.raises(OutOfScope):
                db.session.flush()
        db.session.rollback()


def test_a_question_that_the_service_keeps_to_itself_is_no_familys_row(town: Town) -> None:
    with unscoped("deux questions"):
        for code, answering in (("ouverte", Answering.FAMILY), ("interne", Answering.STAFF)):
            db.session.add(
                Question(
                    code=code, label=code, section=QuestionSection.HEALTH,
                    question_kind=QuestionKind.TEXT, answering=answering,
                )
            )  # fmt: skip
        db.session.commit()
    asked = select(Question.code).order_by(Question.code)
    with town.acting("claire"):
        assert list(db.session.scalars(asked)) == ["ouverte"]
    with town.acting("desk"):
        assert list(db.session.scalars(asked)) == ["interne", "ouverte"]
    assert "interne" not in town.client("claire").get("/espace/questions/").text


@pytest.mark.parametrize(
    ("name", "is_household_s"),
    [
        ("Family", True),
        ("Person", True),
        ("Document", True),
        ("Contact", True),
        ("Answer", True),
        ("HealthRecord", True),
        ("Thread", False),
        ("Message", False),
        ("Registration", False),
        ("Booking", False),
    ],
)
def test_what_a_facility_reaches_by_households_and_what_by_itself(name: str, is_household_s: bool) -> None:
    assert is_told_by_household(entity_named(name)) is is_household_s
