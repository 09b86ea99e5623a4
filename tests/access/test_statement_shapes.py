"""Whatever the shape of a statement, it brings no row out of reach: each is tried as a parent."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import (
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import aliased, contains_eager, join, joinedload, selectinload, subqueryload

from app.access.database import db
from app.access.scope import OutOfScope
from app.access.statements import ScopeRefused
from app.access.viewer import unscoped
from app.entities.family import MemberKind
from app.models import Account, Activity, Bracket, Facility, Family, Membership, Person, Quotient, Tariff
from tests.people import Town

MINE = {"Claire", "Lila", "Zoé"}
OTHERS = {"Denis", "Tom"}
Shape = Callable[[], set[str | None]]


def entity() -> set[str | None]:
    return {row.first_name for row in db.session.scalars(select(Person))}


def column() -> set[str | None]:
    return set(db.session.scalars(select(Person.first_name)))


def alias() -> set[str | None]:
    other = aliased(Person)
    return set(db.session.scalars(select(other.first_name)))


def alias_joined_with_its_own_condition() -> set[str | None]:
    other = aliased(Person)
    return set(db.session.scalars(select(other.first_name).select_from(Person).join(other, literal(True))))


def entity_joined_to_an_alias_by_condition() -> set[str | None]:
    other = aliased(Person)
    return set(db.session.scalars(select(Person.first_name).select_from(other).join(Person, literal(True))))


def alias_of_an_alias_s_neighbour() -> set[str | None]:
    link, other = aliased(Membership), aliased(Person)
    joined = select(other.first_name).select_from(Person).join(link, link.family_id > 0)
    return set(db.session.scalars(joined.join(other, other.id == link.person_id)))


def relation_of_an_alias() -> set[str | None]:
    other = aliased(Person)
    return set(
        db.session.scalars(
            select(other.first_name).select_from(Membership).join(Membership.person.of_type(other))
        )
    )


def outer_join_by_condition() -> set[str | None]:
    other = aliased(Person)
    joined = select(other.first_name).select_from(Activity).outerjoin(other, literal(True))
    return {name for name in db.session.scalars(joined) if name}


def cartesian_product() -> set[str | None]:
    other: type[Person] = aliased(Person)
    pairs = select(Person.first_name, other.first_name).where(Person.id != other.id)
    return {two for _, two in db.session.execute(pairs)}


def subquery() -> set[str | None]:
    inner = select(Person.first_name).subquery()
    return set(db.session.scalars(select(inner.c.first_name)))


def alias_over_a_subquery() -> set[str | None]:
    other = aliased(Person, select(Person).subquery())
    return set(db.session.scalars(select(other.first_name)))


def common_table_expression() -> set[str | None]:
    inner = select(Person.first_name.label("name")).cte()
    return set(db.session.scalars(select(inner.c.name)))


def scalar_subquery() -> set[str | None]:
    others = select(func.max(Person.first_name)).where(Person.first_name.in_(OTHERS)).scalar_subquery()
    return {db.session.scalar(select(others).select_from(Activity).limit(1))} - {None}


def existence() -> set[str | None]:
    there = exists(select(Person.id).where(Person.first_name == "Tom"))
    return {"Tom"} if db.session.scalar(select(Activity.id).where(there).limit(1)) else set()


def set_of_two_statements() -> set[str | None]:
    both = union(select(Person.first_name), select(Person.first_name).where(Person.id > 0))
    return set(db.session.scalars(both))


def contained() -> set[str | None]:
    inner = select(Person.id).where(Person.first_name.in_(OTHERS))
    ids = select(Membership.person_id).where(Membership.person_id.in_(inner))
    return {"Tom"} if db.session.scalars(ids).all() else set()


def joined_load() -> set[str | None]:
    rows = db.session.scalars(select(Membership).options(joinedload(Membership.person)))
    return {row.person.first_name for row in rows}


def contained_load() -> set[str | None]:
    rows = db.session.scalars(
        select(Membership).join(Membership.person).options(contains_eager(Membership.person))
    )
    return {row.person.first_name for row in rows}


def select_in_load() -> set[str | None]:
    rows = db.session.scalars(select(Membership).options(selectinload(Membership.person)))
    return {row.person.first_name for row in rows}


def subquery_load() -> set[str | None]:
    rows = db.session.scalars(select(Membership).options(subqueryload(Membership.person)))
    return {row.person.first_name for row in rows}


def lazy_load() -> set[str | None]:
    return {row.person.first_name for row in db.session.scalars(select(Membership))}


def grouped_count() -> set[str | None]:
    rows = db.session.execute(select(Person.first_name, func.count()).group_by(Person.first_name))
    return {name for name, _ in rows}


def relations_joined_by_hand() -> set[str | None]:
    return set(
        db.session.scalars(select(Person.first_name).select_from(join(Membership, Person, literal(True))))
    )


def alias_over_a_union() -> set[str | None]:
    other = aliased(Person, union_all(select(Person), select(Person)).subquery())
    return set(db.session.scalars(select(other.first_name)))


def recursive_expression() -> set[str | None]:
    base = select(Person.id, Person.first_name).where(Person.id > 0).cte(recursive=True)
    deeper = select(Person.id, Person.first_name).join(base, Person.id == base.c.id + 100)
    return set(db.session.scalars(select(base.union_all(deeper).c.first_name)))


def old_style_query() -> set[str | None]:
    return {row.first_name for row in db.session.query(Person)}


def having() -> set[str | None]:
    there = exists(select(Person.id).where(Person.first_name == "Tom"))
    found = db.session.scalars(select(Activity.id).group_by(Activity.id).having(there)).all()
    return {"Tom"} if found else set()


def condition_of_a_join() -> set[str | None]:
    there = exists(select(Person.id).where(Person.first_name == "Tom"))
    return {"Tom"} if db.session.scalars(select(Activity.id).join(Facility, there)).all() else set()


def case_over_it() -> set[str | None]:
    return set(db.session.scalars(select(case((Person.id > 0, Person.first_name)))))


SHAPES = (
    entity, column, alias, alias_joined_with_its_own_condition, entity_joined_to_an_alias_by_condition,
    alias_of_an_alias_s_neighbour, relation_of_an_alias, outer_join_by_condition, cartesian_product, subquery,
    alias_over_a_subquery, common_table_expression, scalar_subquery, existence, set_of_two_statements,
    contained, joined_load, contained_load, select_in_load, subquery_load, lazy_load, grouped_count,
    relations_joined_by_hand, alias_over_a_union, recursive_expression, old_style_query, having,
    condition_of_a_join, case_over_it,
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_no_shape_of_statement_shows_another_household(town: Town, shape: Shape) -> None:
    with town.acting("claire"):
        seen = shape()
    assert not seen & OTHERS
    db.session.expunge_all()
    with unscoped("la même forme voit tout le monde quand rien ne la cadre"):
        assert shape() & OTHERS


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_still_shows_what_is_in_reach(town: Town, shape: Shape) -> None:
    with town.acting("denis"):
        assert shape() & OTHERS


# --- What can't be narrowed ---------------------------------------------------------------------

UNNARROWED: dict[str, Callable[[], Any]] = {
    "an entity in a condition alone": lambda: select(Activity.id).where(Person.first_name == "Tom"),
    "an alias in a condition alone": lambda: select(Activity.id).where(aliased(Person).first_name == "Tom"),
    "existence without an entity": lambda: select(Activity.id).where(
        exists().where(Person.first_name == "Tom")
    ),
    "a relation's has": lambda: select(Membership.id).where(Membership.person.has(first_name="Tom")),
    "a relation's any": lambda: select(Account.id).where(Account.grants.any()),
    "two entities in one expression": lambda: select(Activity.name + Person.first_name),
    "a count beside another entity": lambda: select(func.count(), Activity.id).where(Person.id > 0),
    "an order": lambda: select(Activity.id).order_by(Person.first_name),
    "a tuple": lambda: select(Activity.id).where(tuple_(Person.first_name, Activity.id).in_([("Tom", 1)])),
    "a filter of a function": lambda: select(func.max(Person.first_name).filter(Person.id > 0)),
    "the same beside an entity": lambda: select(
        Activity.id, func.max(Person.first_name).filter(Person.id > 0)
    ),
    "a bare table": lambda: select(Activity.id).select_from(Activity, Person.__table__),
    "a bare table inside": lambda: select(Activity.id).where(
        Activity.id.in_(select(Person.__table__.c.id).where(Person.__table__.c.first_name == "Tom"))
    ),
    "a condition inside a subquery": lambda: select(
        select(Activity.id).where(Person.first_name == "Tom").subquery()
    ),
    "an update's condition": lambda: update(Quotient).where(Person.first_name == "Tom").values(source="x"),
    "a value read elsewhere": lambda: update(Quotient).values(
        source=select(func.max(Person.first_name).filter(Person.id > 0)).scalar_subquery()
    ),
    "a deletion's condition": lambda: delete(Quotient).where(exists().where(Person.first_name == "Tom")),
}


@pytest.mark.parametrize("shape", UNNARROWED)
def test_what_no_criterion_would_reach_is_refused(town: Town, shape: str) -> None:
    with town.acting("claire"):
        with pytest.raises(ScopeRefused):
            db.session.execute(UNNARROWED[shape]())
        db.session.rollback()


# --- Writes --------------------------------------------------------------------------------------


def test_statements_that_cannot_be_narrowed_are_refused(town: Town) -> None:
    lila = town.people["lila"]
    refused: tuple[Callable[[], object], ...] = (
        lambda: db.session.execute(insert(Person), [{"first_name": "Eve", "last_name": "X"}]),
        lambda: db.session.execute(update(Person), [{"id": town.people["tom"], "first_name": "Eve"}]),
        lambda: db.session.execute(update(Membership).values(person_id=town.people["tom"])),
        lambda: db.session.execute(update(Membership).values(family_id=town.families["B"])),
        lambda: db.session.execute(update(Person).where(Person.id == lila).values({Person.id: 99})),
        lambda: db.session.execute(select(Person).from_statement(text("select * from person"))),
        lambda: db.session.execute(select(Family.__table__)),
    )
    with town.acting("claire"):
        for statement in refused:
            with pytest.raises(ScopeRefused):
                statement()
            db.session.rollback()


def test_a_row_read_unscoped_is_neither_changed_nor_deleted_by_a_stranger(town: Town) -> None:
    with unscoped("une lecture au passage"):
        tom = db.session.scalars(select(Person).where(Person.first_name == "Tom")).one()
    with town.acting("claire"):
        tom.first_name = "Tim"
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()
    with unscoped("une lecture au passage"):
        tie = db.session.scalars(select(Membership).where(Membership.person_id == town.people["tom"])).one()
    with town.acting("claire"):
        db.session.delete(tie)
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()


def test_a_parent_writes_in_no_setting_even_through_a_part_of_one(town: Town) -> None:
    with unscoped("un tarif"):
        tariff = Tariff(code="t", name="T", activity_id=town.activities["cantine"], from_on=date(2026, 9, 1))
        db.session.add(tariff)
        db.session.commit()
        tariff_id = tariff.id
    with town.acting("claire"):
        db.session.add(Bracket(tariff_id=tariff_id, price=0))
        with pytest.raises(OutOfScope):
            db.session.commit()
        db.session.rollback()
        with pytest.raises(OutOfScope):
            db.session.execute(update(Bracket).values(price=0))
        db.session.rollback()


def test_a_parent_makes_neither_a_household_nor_an_account(town: Town) -> None:
    with town.acting("claire"):
        for row in (
            Family(name="Autre"),
            Account(email="x@example.org", first_name="X", last_name="Y", stamp="s"),
        ):
            db.session.add(row)
            with pytest.raises(OutOfScope):
                db.session.commit()
            db.session.rollback()


def test_a_row_just_made_may_be_completed_before_it_is_in_reach(town: Town) -> None:
    with town.acting("claire"):
        newcomer = Person(first_name="Mamie", last_name="Martin")
        db.session.add(newcomer)
        db.session.flush()
        newcomer.first_name = "Mamé"
        db.session.add(
            Membership(family_id=town.families["A"], person=newcomer, member_kind=MemberKind.CONTACT)
        )
        db.session.commit()
        assert "Mamé" in entity()


def test_bulk_changes_of_one_s_own_rows_pass(town: Town) -> None:
    with unscoped("deux quotients"):
        for family in ("A", "B"):
            db.session.add(Quotient(family_id=town.families[family], amount=1, from_on=date(2026, 9, 1)))
        db.session.commit()
    with town.acting("claire"):
        db.session.execute(update(Quotient).values(source="CAF"))
        db.session.commit()
    with unscoped("vérification"):
        told = dict(db.session.execute(select(Quotient.family_id, Quotient.source)).tuples().all())
    assert told == {town.families["A"]: "CAF", town.families["B"]: None}
