"""Who may collect a child or is called in an emergency: the household's contacts (F9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Viewer
from app.entities.family import MemberKind
from app.models import Contact, Membership, Person
from app.rules.calendar import local_day
from app.rules.words import NBSP, joined
from app.services import freezes
from app.services.changes import Outcome, Refused
from app.services.freezes import CONTACTS, Window

PHONES = ("mobile_phone", "home_phone", "work_phone")


@dataclass(frozen=True)
class Tie:
    """What a person is to a child: nothing when neither may collect nor is called."""

    child_id: int
    kinship: str = ""
    may_collect: bool = False
    call_in_emergency: bool = False

    @property
    def is_none(self) -> bool:
        """The person is nothing to this child."""
        return not (self.may_collect or self.call_in_emergency)


def of_family(family_id: int) -> list[Contact]:
    """The contacts of a household with child and person. One statement."""
    return list(
        db.session.scalars(
            select(Contact)
            .where(Contact.family_id == family_id)
            .order_by(Contact.person_id, Contact.child_id)
            .options(joinedload(Contact.child), joinedload(Contact.person))
        )
    )


def people_of(family_id: int) -> list[Person]:
    """The people of a household who are neither guardians nor children. One statement."""
    return list(
        db.session.scalars(
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(Membership.family_id == family_id, Membership.member_kind == MemberKind.CONTACT)
            .order_by(Membership.position, Person.id)
        )
    )


def of_child(family_id: int, child_id: int) -> dict[int, Contact]:
    """Person -> what this household said that they are to the child. One statement."""
    rows = db.session.scalars(
        select(Contact).where(Contact.family_id == family_id, Contact.child_id == child_id)
    )
    return {row.person_id: row for row in rows}


def windows(children: Iterable[Person], family_id: int, now: datetime) -> dict[int, Window]:
    """The window of the contacts of each child. Three statements."""
    ids = [child.id for child in children]
    facilities = freezes.facilities_by_child(ids, local_day(now))
    dates = freezes.read_dates()
    told = set(
        db.session.scalars(
            select(Contact.child_id).where(Contact.family_id == family_id, Contact.child_id.in_(ids))
        )
    )
    return {
        child_id: dates.window(CONTACTS, facilities[child_id], now, date.min if child_id in told else None)
        for child_id in ids
    }


def save(child: Person, ties: Mapping[int, Tie], viewer: Viewer, now: datetime) -> Outcome:
    """Leave exactly these ties (by person) on the child. Refused once the section is closed. Commits.

    People who are not contacts of the household in view are left out.
    """
    family_id = viewer.family_id
    assert family_id is not None
    window = windows([child], family_id, now)[child.id]
    if viewer.is_family and not window.open:
        return Outcome(refused=(Refused("Personnes autorisées", window.sentence),))
    known = of_child(family_id, child.id)
    saved = []
    for person in people_of(family_id):
        tie = ties.get(person.id)
        if tie is not None and _tie(known.get(person.id), person, tie, family_id):
            saved.append(person.full_name)
    db.session.commit()
    return Outcome(saved=tuple(saved))


def _tie(row: Contact | None, person: Person, tie: Tie, family_id: int) -> bool:
    """Write one tie; whether anything changed."""
    if tie.is_none:
        if row is None:
            return False
        db.session.delete(row)
        return True
    if row is None:
        row = Contact(family_id=family_id, child_id=tie.child_id, person=person)
        db.session.add(row)
    elif (row.kinship, row.may_collect, row.call_in_emergency) == (
        tie.kinship,
        tie.may_collect,
        tie.call_in_emergency,
    ):
        return False
    row.kinship, row.may_collect, row.call_in_emergency = tie.kinship, tie.may_collect, tie.call_in_emergency
    return True


@dataclass(frozen=True)
class Added:
    """The person added, or the sentences that say what to correct."""

    person: Person | None
    problems: tuple[str, ...] = ()


def add_person(
    values: Mapping[str, Any], ties: Iterable[Tie], children: Iterable[Person], viewer: Viewer, now: datetime
) -> Added:
    """Write a person, their place in the household and what they are to each child, in one transaction.

    ``children`` are the household's. Refused, with everything that is wrong at once: a person
    already there under that name, nobody to collect, an emergency without a telephone, a child
    whose contacts are closed. Commits.
    """
    family_id = viewer.family_id
    assert family_id is not None
    by_id = {child.id: child for child in children}
    wanted = [tie for tie in ties if not tie.is_none and tie.child_id in by_id]
    problems = [*_problems(values, wanted, family_id)]
    open_now = windows(by_id.values(), family_id, now)
    closed = [tie.child_id for tie in wanted if viewer.is_family and not open_now[tie.child_id].open]
    if closed:
        names = joined(by_id[child_id].first_name for child_id in closed)
        problems.append(f"{names}{NBSP}: {open_now[closed[0]].sentence}")
    if problems:
        return Added(None, tuple(problems))
    person = Person(**values)
    db.session.add(person)
    db.session.add(
        Membership(
            family_id=family_id, person=person, member_kind=MemberKind.CONTACT, kinship=wanted[0].kinship
        )
    )
    for tie in wanted:
        _tie(None, person, tie, family_id)
    db.session.commit()
    return Added(person)


def _problems(values: Mapping[str, Any], wanted: list[Tie], family_id: int) -> Iterable[str]:
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}"
    twin = db.session.scalars(
        select(Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.family_id == family_id,
            func.lower(Person.first_name) == str(values.get("first_name", "")).lower(),
            func.lower(Person.last_name) == str(values.get("last_name", "")).lower(),
        )
    ).first()
    if twin is not None:
        yield f"{name} est déjà dans votre famille{NBSP}: ouvrez sa fiche depuis «{NBSP}Ma famille{NBSP}»."
    if not wanted:
        yield "Dites ce que cette personne peut faire, pour un enfant au moins."
    if any(tie.call_in_emergency for tie in wanted) and not any(values.get(one) for one in PHONES):
        yield f"Pour prévenir {name} en urgence, il faut un numéro de téléphone."
