"""What is expected of the parents of one household, most urgent first (T3), and the hints of the tiles."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select

from app.access.database import db
from app.entities.billing import InvoiceStatus
from app.entities.exchange import RequestStatus
from app.models import ChangeRequest, Facility, Family, HealthRecord, Invoice, Person
from app.rules.calendar import local_day
from app.rules.words import NBSP, cents_words, counted, month_words, of
from app.services import changes, child_file, freezes, paperwork, questions, threads
from app.services.child_file import Known, Part
from app.services.freezes import day_said
from app.services.paperwork import Demand, DemandState

FREEZE_NEAR = timedelta(days=45)
MANY = 4
DOCUMENTS, INVOICES, FAMILY, CONTACT = "/documents/", "/factures/", "/ma-famille", "/contact/"


@dataclass(frozen=True)
class Todo:
    """One thing expected: sign (tone, icon), sentence, verb and where it leads. Lower is more urgent."""

    urgency: int
    tone: str
    icon: str
    sentence: str
    verb: str
    url: str


@dataclass(frozen=True)
class Desk:
    """The dashboard of one household."""

    todos: tuple[Todo, ...]
    waiting_changes: int
    refused_documents: int
    missing_documents: int
    to_pay: int
    unread: int = 0

    @property
    def contact_hint(self) -> str:
        """« 1 nouvelle réponse »."""
        if not self.unread:
            return "Une question ?"
        return counted(self.unread, "nouvelle réponse", "nouvelles réponses")

    @property
    def family_hint(self) -> str:
        """« 1 changement en attente »."""
        many = self.waiting_changes > 1
        if not self.waiting_changes:
            return "Fiches et coordonnées"
        return f"{self.waiting_changes} changement{'s' if many else ''} en attente"

    @property
    def documents_hint(self) -> str:
        """« 1 refusé, 2 manquent »."""
        words = []
        if self.refused_documents:
            words.append(f"{self.refused_documents} refusé{'s' if self.refused_documents > 1 else ''}")
        if self.missing_documents:
            words.append(f"{self.missing_documents} manque{'nt' if self.missing_documents > 1 else ''}")
        return ", ".join(words) or "Rien ne manque"

    @property
    def invoices_hint(self) -> str:
        """« 1 à payer »."""
        return f"{self.to_pay} à payer" if self.to_pay else "Rien à payer"


def desk(family_id: int, now: datetime) -> Desk:
    """What is expected of that household, and of no other. Ten statements, whatever its size."""
    today = local_day(now)
    facts = paperwork.load(family_id)
    demands = [one for one in paperwork.demands(family_id, today, facts=facts) if one.is_to_do]
    requests, unread = _requests(family_id, now)
    due = _to_pay(family_id, today)
    children = facts.children()
    known = _known(family_id, children, facts, now)
    todos = [
        *_documents(demands),
        *_refused_changes(requests),
        *_answers(unread),
        *_invoices(due, today),
        *(todo for child in children for todo in _file(child, known)),
    ]
    states = Counter(one.state is DemandState.REFUSED for one in demands)
    return Desk(
        todos=tuple(sorted(todos, key=lambda one: one.urgency)),
        waiting_changes=sum(one.status is RequestStatus.WAITING for one in requests),
        refused_documents=states[True],
        missing_documents=states[False],
        to_pay=len(due),
        unread=unread,
    )


def _requests(family_id: int, now: datetime) -> tuple[list[ChangeRequest], int]:
    """The requests that wait and those decided lately, latest first; how many answers nobody opened.

    One statement.
    """
    shown = or_(ChangeRequest.status == RequestStatus.WAITING, changes.decided_lately(now))
    rows = db.session.execute(
        select(ChangeRequest, threads.unread_count(family_id))
        .select_from(Family)
        .outerjoin(ChangeRequest, and_(ChangeRequest.family_id == Family.id, shown))
        .where(Family.id == family_id)
        .order_by(ChangeRequest.asked_at.desc(), ChangeRequest.id.desc())
    ).all()
    return [request for request, _ in rows if request is not None], rows[0][1] if rows else 0


def _known(family_id: int, children: list[Person], facts: paperwork.Facts, now: datetime) -> Known:
    """What the parts of the children's files need, schooling left out. Three statements."""
    ids = [child.id for child in children]
    today = local_day(now)
    facilities: dict[int, dict[int, Facility]] = {child_id: {} for child_id in ids}
    for row in facts.registrations:
        if row.ends_on >= today and row.child_id in facilities:
            facilities[row.child_id][row.activity.facility_id] = row.activity.facility
    records = db.session.scalars(select(HealthRecord).where(HealthRecord.child_id.in_(ids)))
    asked, answers = questions.about_children(family_id, ids)
    return Known(
        now=now,
        dates=freezes.read_dates(),
        facilities={child_id: list(found.values()) for child_id, found in facilities.items()},
        health={record.child_id: record for record in records},
        questions=asked,
        answers=answers,
        births={child.id: child.born_on for child in children},
    )


def _answers(unread: int) -> Iterator[Todo]:
    """What the service answered and nobody at home has opened."""
    if unread:
        sentence = "Une réponse de la structure est arrivée."
        if unread > 1:
            sentence = f"{unread} réponses de la structure sont arrivées."
        yield Todo(3, "blue", "chat-left-text", sentence, "Lire", CONTACT)


def _documents(demands: list[Demand]) -> Iterator[Todo]:
    """A line for each document; one line for all the missing ones when they are many."""
    refused = [one for one in demands if one.state is DemandState.REFUSED]
    missing = [one for one in demands if one.state is not DemandState.REFUSED]
    for one in refused:
        reason = one.document.reason if one.document else None
        words = f"{one.type.name} {of(one.subject.name)}{NBSP}: document refusé" + _because(reason)
        yield Todo(10, "rose", "x-lg", f"{words}.", "Renvoyer", _papers_of(one))
    if len(missing) >= MANY:
        lacking = f"Il manque {len(missing)} documents."
        yield Todo(20, "rose", "exclamation-lg", lacking, "Envoyer", _papers_of(missing[0]))
        return
    for one in missing:
        words = one.missing.why if one.missing else f"Il manque{NBSP}: {one.type.name}."
        yield Todo(20, "rose", "exclamation-lg", words, "Envoyer", _papers_of(one))


def _papers_of(one: Demand) -> str:
    """The tab of « Mes documents » that shows that demand."""
    return f"{DOCUMENTS}?qui={one.who}"


def _refused_changes(requests: Iterable[ChangeRequest]) -> Iterator[Todo]:
    """A refused change, unless the family asked again about the same row since: it waits, or was accepted."""
    seen: set[tuple[str, int]] = set()
    for one in requests:
        key = (one.entity, one.row_id)
        if one.status is RequestStatus.REFUSED and key not in seen:
            path = f"{FAMILY}/personne/{one.row_id}" if one.entity == "Person" else f"{FAMILY}/foyer"
            words = f"{one.title}{NBSP}: modification refusée" + _because(one.reason)
            yield Todo(30, "rose", "x-lg", f"{words}.", "Corriger", path)
        seen.add(key)


def _to_pay(family_id: int, today: date) -> list[Invoice]:
    """The invoices to pay whose day has not passed: of the others the Treasury alone knows (B2)."""
    return list(
        db.session.scalars(
            select(Invoice)
            .where(
                Invoice.family_id == family_id,
                Invoice.status == InvoiceStatus.TO_PAY,
                Invoice.due_on >= today,
            )
            .order_by(Invoice.due_on, Invoice.id)
        )
    )


def _invoices(due: Iterable[Invoice], today: date) -> Iterator[Todo]:
    for one in due:
        words = f"Facture {of(month_words(one.month_on))}, {cents_words(one.total_cents)}"
        until = day_said(one.due_on, today)
        yield Todo(40, "yellow", "currency-euro", f"{words}, jusqu’au {until}.", "Payer", INVOICES)


def _file(child: Person, known: Known) -> Iterator[Todo]:
    """What the child's file still needs, in one line."""
    parts = [one for one in child_file.parts(child, known) if one.code != freezes.SCHOOLING]
    wanting = [one for one in parts if one.is_missing or one.is_stale]
    if not wanting:
        return
    name, first = child.first_name, wanting[0]
    until = _until(wanting, known.today)
    is_missing = any(one.is_missing for one in wanting)
    if len(wanting) > 1:
        words = f"La fiche {of(name)} a {len(wanting)} parties à revoir{until}."
        path, verb = f"{FAMILY}/enfant/{child.id}", "Compléter"
    elif is_missing:
        path, verb = first.path, "Compléter"
        lack = first.word if first.word.startswith("Il manque") else ""
        words = f"{lack} {of(name)}" if lack else f"{first.title} {of(name)}{NBSP}: {_small(first.word)}"
        if first.window is not None and not first.window.open:  # the page would only be read
            path, verb = CONTACT, "Écrire"
            words += ", prévenez la structure"
        words += "."
    else:
        path, verb = first.path, "Relire"
        words = f"{first.title} {of(name)}, {_small(first.word)}{until}."
    if is_missing:
        yield Todo(25, "rose", "exclamation-lg", words, verb, path)
    else:
        yield Todo(35 if _is_near(wanting, known.today) else 50, "blue", "calendar-event", words, verb, path)


def _closing(parts: Iterable[Part]) -> date | None:
    """The last day on which all of them may be edited."""
    return min((one.window.last_on for one in parts if one.window and one.window.last_on), default=None)


def _is_near(parts: Iterable[Part], today: date) -> bool:
    """A freeze that comes near goes before an invoice."""
    closing = _closing(parts)
    return closing is not None and closing - today <= FREEZE_NEAR


def _until(parts: Iterable[Part], today: date) -> str:
    closing = _closing(parts)
    return f", jusqu’au {day_said(closing, today)}" if closing else ""


def _because(reason: str | None) -> str:
    """A reason as the end of a sentence; the whole of it is on the page that the line leads to."""
    words = (reason or "").strip().rstrip(".")
    return f", {_small(words)}" if words and "\n" not in words else ""


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]
