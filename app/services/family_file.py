"""The household's file: its people, who is on the invoice, what waits, and each card of « Ma famille »."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import contains_eager

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import RequestStatus
from app.entities.family import MemberKind
from app.models import ChangeRequest, Contact, Family, HealthRecord, Membership, Person
from app.rules.words import NBSP, joined, of, sentence
from app.services import child_file, contacts
from app.services.child_file import Known, Part

TAGS = 2


@dataclass(frozen=True)
class Household:
    """The people of one household, in its order, with the children's health records."""

    family_id: int
    members: tuple[Membership, ...]
    health: Mapping[int, HealthRecord] = field(default_factory=dict)

    def of_kind(self, kind: MemberKind) -> list[Membership]:
        """The members of one kind."""
        return [one for one in self.members if one.member_kind is kind]

    @property
    def guardians(self) -> list[Membership]:
        """The legal guardians."""
        return self.of_kind(MemberKind.GUARDIAN)

    @property
    def children(self) -> list[Person]:
        """The children, eldest first where birth dates are known."""
        found = [one.person for one in self.of_kind(MemberKind.CHILD)]
        return sorted(found, key=lambda child: (child.born_on or date.max, child.id))


@dataclass(frozen=True)
class ChildCard:
    """A child on « Ma famille »: who, where, and what the file still needs."""

    person: Person
    where: str
    parts: tuple[Part, ...]

    @property
    def wanting(self) -> tuple[Part, ...]:
        """The parts to see to, what is missing first."""
        missing = [one for one in self.parts if one.is_missing]
        return (*missing, *(one for one in self.parts if one.is_stale))

    @property
    def tags(self) -> list[tuple[str, str, str]]:
        """Tone, sign and word of at most two tags; « Fiche complète » when nothing is wanted."""
        if not self.wanting:
            return [("green", "check-lg", "Fiche complète")]
        found = [(one.tone, one.sign, _short(one)) for one in self.wanting[:TAGS]]
        more = len(self.wanting) - TAGS
        if more > 0:
            found.append(("grey", "three-dots", f"et {more} autre{'s' if more > 1 else ''}"))
        return found


def _short(part: Part) -> str:
    """A part's state where its title is not beside it: « Santé à relire »."""
    if part.word.startswith("Il manque"):
        return part.word
    return f"{part.title.partition(',')[0]}{NBSP}: {part.word[:1].lower()}{part.word[1:]}"


@dataclass(frozen=True)
class ContactCard:
    """A person who may collect or is called, and what they are to whom."""

    person: Person
    words: str
    is_idle: bool = False


@dataclass(frozen=True)
class Billing:
    """Who is on the invoice, in words; ``is_alone``: one guardian bears it alone (F4)."""

    names: str
    is_alone: bool
    others: str = ""


@dataclass(frozen=True)
class FamilyFile:
    """Everything « Ma famille » shows."""

    family: Family
    household: Household
    children: tuple[ChildCard, ...]
    contacts: tuple[ContactCard, ...]
    billing: Billing
    requests: Mapping[tuple[str, int], ChangeRequest]

    def waiting(self, entity: str, row_id: int) -> ChangeRequest | None:
        """The request that waits about that row."""
        return self.requests.get((entity, row_id))


def family_of(family_id: int) -> Family | None:
    """The household's own record; None when it is out of reach. One statement."""
    return db.session.scalars(select(Family).where(Family.id == family_id)).one_or_none()


def load_household(family_id: int) -> Household:
    """The people of a household and the children's health records. One statement."""
    rows = db.session.execute(
        select(Membership, HealthRecord)
        .join(Membership.person)
        .outerjoin(HealthRecord, HealthRecord.child_id == Membership.person_id)
        .where(Membership.family_id == family_id)
        .order_by(Membership.position, Membership.id)
        .options(contains_eager(Membership.person))
    ).all()
    return Household(
        family_id,
        tuple(member for member, _ in rows),
        {record.child_id: record for _, record in rows if record is not None},
    )


def load_known(household: Household, now: datetime) -> Known:
    """What the parts of the household's children are made from. Five statements."""
    return child_file.load(household.family_id, household.children, household.health, now)


def overview(family_id: int, now: datetime) -> FamilyFile | None:
    """The household's file; None when it is out of reach. Nine statements, whatever its size."""
    family = family_of(family_id)
    if family is None:
        return None
    household = load_household(family_id)
    known = load_known(household, now)
    return FamilyFile(
        family=family,
        household=household,
        children=tuple(child_card(child, known) for child in household.children),
        contacts=_contact_cards(household, contacts.of_family(family_id)),
        billing=billing_of(household),
        requests=waiting_requests(family_id),
    )


def child_card(child: Person, known: Known) -> ChildCard:
    """The card of a child."""
    return ChildCard(child, child_file.where_words(child, known), tuple(child_file.parts(child, known)))


def waiting_requests(family_id: int) -> dict[tuple[str, int], ChangeRequest]:
    """The requests that wait, by the row they are about. One statement."""
    rows = db.session.scalars(
        select(ChangeRequest)
        .where(ChangeRequest.family_id == family_id, ChangeRequest.status == RequestStatus.WAITING)
        .order_by(ChangeRequest.id)
    )
    return {(row.entity, row.row_id): row for row in rows}


def billing_of(household: Household) -> Billing:
    """Who is on the invoice (F4)."""
    named = [one.person.full_name for one in household.guardians if one.on_invoice]
    others = [one.person.full_name for one in household.guardians if not one.on_invoice]
    return Billing(joined(named) if named else "", len(named) == 1, joined(others) if others else "")


def _contact_cards(household: Household, ties: list[Contact]) -> tuple[ContactCard, ...]:
    by_person: dict[int, list[Contact]] = {}
    for tie in ties:
        by_person.setdefault(tie.person_id, []).append(tie)
    return tuple(
        _contact_card(one, by_person.get(one.person_id, [])) for one in household.of_kind(MemberKind.CONTACT)
    )


def _contact_card(member: Membership, ties: list[Contact]) -> ContactCard:
    """« Grand-mère de Lila et Sacha »; « Voisin de Lila · à prévenir seulement »."""
    if not ties:
        return ContactCard(member.person, "Ne vient chercher personne pour le moment", is_idle=True)
    by_kinship: dict[str, list[str]] = {}
    for tie in ties:
        by_kinship.setdefault(tie.kinship.strip().lower(), []).append(tie.child.first_name)
    words = [sentence(f"{kinship} {of(joined(names))}") for kinship, names in by_kinship.items()]
    if not any(tie.may_collect for tie in ties):
        words.append("à prévenir seulement")
    return ContactCard(member.person, " · ".join(words))


# --- One person ----------------------------------------------------------------------------------


def member(family_id: int | None, person_id: int) -> Membership | None:
    """The place of a person in that household, person loaded; None for anybody else. One statement."""
    return db.session.scalars(
        select(Membership)
        .join(Membership.person)
        .where(Membership.family_id == family_id, Membership.person_id == person_id)
        .options(contains_eager(Membership.person))
    ).one_or_none()


def keeps_own_file(one: Membership) -> bool:
    """Whether this contact is a guardian elsewhere: their details are then theirs alone to edit.

    One statement for a contact, none for the others.
    """
    if one.member_kind is not MemberKind.CONTACT:
        return False
    with unscoped("savoir si la personne tient sa fiche dans un autre foyer, sans rien en montrer"):
        return bool(
            db.session.scalar(
                select(
                    exists().where(
                        Membership.person_id == one.person_id,
                        Membership.family_id != one.family_id,
                        Membership.member_kind == MemberKind.GUARDIAN,
                    )
                )
            )
        )
