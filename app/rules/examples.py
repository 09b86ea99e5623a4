"""Worked examples: what a règlement must answer, written by the town, tried at each change.

An example gives the facts that matter, a moment, what is asked, and what is expected. What it does not tell
stops nothing: without an age no rule of age is tried, without ``papers`` all of them are in order, without
``registered`` the child is registered for what is asked, and every place is free unless ``taken``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from app.rules.booking import DatedRule, bookable_from, bookable_until, cancellable_until, judge
from app.rules.calendar import Calendar, add_months, local_day
from app.rules.facts import Booked, Child, ChildPlan, DocumentCode, Names, Plan, Slot, Window, activity_of
from app.rules.kinds.admission import Age
from app.rules.kinds.household import Papers
from app.rules.paperwork import DocumentRule, Held, Subject, missing
from app.rules.parameters import (
    NOTHING_KNOWN,
    BadParameter,
    Filled,
    Known,
    Parameter,
    declared,
    fill,
    in_french,
    param,
    plain,
)
from app.rules.squares import (
    ActivityCode,
    AnswerCode,
    Counts,
    GroupName,
    LevelCode,
    Months,
    RuleCode,
    Squares,
    moment_text,
)
from app.rules.verdict import Severity, Verdict
from app.rules.who import RESIDENCES
from app.rules.words import NBSP, joined

EXPECT = "expect"
FOR_EVER: tuple[Window, ...] = ((date.min, None),)
ANY_DAY = date(2000, 1, 1)
HOUSEHOLD, CHILD, GUARDIAN = 1, 2, 3
Effect = Literal["surcharge", "full_price"]
ANSWERS = {
    "allowed": None,
    "refused_by": Severity.REFUSED,
    "asks_staff_by": Severity.ASK_STAFF,
    "waits_by": Severity.WAITING,
    "warned_by": Severity.WARNING,
}
SEVERITIES = {
    Severity.REFUSED: "refusé",
    Severity.ASK_STAFF: "soumis au service",
    Severity.WAITING: "liste d’attente",
    Severity.WARNING: "averti",
}
EFFECTS = {"surcharge": "majoration", "full_price": "tarif réduit perdu"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer must be; what is not written is not looked at."""

    allowed: bool | None = param(
        "Accepté", default=None, help="Oui : tout est accepté tout de suite. Non : quelque chose est refusé."
    )
    refused_by: frozenset[RuleCode] | None = param(
        "Refusé par", may_be_empty=True, default=None, help="Ces règles, et aucune autre."
    )
    asks_staff_by: frozenset[RuleCode] | None = param(
        "Soumis au service par", may_be_empty=True, default=None
    )
    waits_by: frozenset[RuleCode] | None = param(
        "Mis en liste d’attente par", may_be_empty=True, default=None
    )
    warned_by: frozenset[RuleCode] | None = param("Averti par", may_be_empty=True, default=None)
    effects: frozenset[Effect] | None = param(
        "Effets sur le prix", may_be_empty=True, labels=EFFECTS, default=None
    )
    remedy: str | None = param("Remède proposé", default=None, help="Les mots du bouton : Ajouter le repas.")
    bookable_from: datetime | None = param("Réservable à partir de", default=None)
    bookable_until: datetime | None = param(
        "Réservable jusqu’à", default=None, help="Le premier instant où c’est trop tard."
    )
    cancellable_until: datetime | None = param("Annulable jusqu’à", default=None)
    documents: frozenset[DocumentCode] | None = param(
        "Pièces réclamées",
        may_be_empty=True,
        default=None,
        help="Avec « registers » : ce qui empêche d’inscrire.",
    )

    def problems(self) -> Iterator[BadParameter]:
        if all(getattr(self, one.name) is None for one in EXPECTED):
            yield BadParameter(EXPECT, "dites ce qui est attendu, par exemple « allowed: oui ».")


EXPECTED: tuple[Parameter, ...] = declared(Expected)


@dataclass(frozen=True, slots=True)
class Example:
    """One example: a sentence, facts, a moment, what is asked and what is expected."""

    says: str = param("La phrase", help="Ce que le règlement en dit, en clair.")
    at: datetime = param("Le moment de la demande")
    books: Squares | None = param("Demande", default=None)
    cancels: Squares | None = param("Annule", default=None)
    registers: ActivityCode | None = param("Veut s’inscrire à", default=None)
    age: Months | None = param("Âge de l’enfant ce jour-là", default=None)
    born_on: date | None = param("Né le", default=None)
    level: LevelCode | None = param("Classe", default=None)
    residence: Literal["resident", "works_here", "outside"] | None = param(
        "Rattachement", labels=RESIDENCES, default=None
    )
    groups: frozenset[GroupName] | None = param("Groupes", may_be_empty=True, default=None)
    answers: frozenset[AnswerCode] | None = param(
        "Questions répondues « oui »", may_be_empty=True, default=None
    )
    papers: frozenset[DocumentCode] | None = param(
        "Pièces en règle", may_be_empty=True, default=None, help="Sans cette ligne, toutes le sont."
    )
    registered: frozenset[ActivityCode] | None = param(
        "Inscrit à", may_be_empty=True, default=None, help="Sans cette ligne, à tout ce qui est demandé."
    )
    booked: Squares | None = param("Déjà réservé", default=None)
    cancelled: Squares | None = param("Déjà annulé", default=None)
    taken: Counts | None = param("Places prises par d’autres, chaque jour", default=None)
    overdue: Decimal | None = param("Factures échues impayées", unit="€", default=None)

    def problems(self) -> Iterator[BadParameter]:
        if self.books is None and self.cancels is None and self.registers is None:
            yield BadParameter("books", "dites ce qui est demandé : « books », « cancels » ou « registers ».")
        if self.age is not None and self.born_on is not None:
            yield BadParameter("age", "donnez l’âge ou le jour de naissance : pas les deux.")


PARAMETERS: tuple[Parameter, ...] = declared(Example)


@dataclass(frozen=True)
class Book:
    """A town's règlement as examples need it: no row, no moment."""

    rules: tuple[DatedRule, ...] = ()
    calendar: Calendar = field(default_factory=Calendar)
    places: Mapping[Slot, int] = field(default_factory=lambda: MappingProxyType({}))
    names: Names = field(default_factory=lambda: MappingProxyType({}))
    minutes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    documents: tuple[DocumentRule, ...] = ()
    concerned: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """What a registration for an activity is about, as ``documents`` name it."""


@dataclass(frozen=True, slots=True)
class Written:
    """An example that was read, or all that is wrong in it, each with the keys that lead to it."""

    example: Example | None = None
    expected: Expected | None = None
    errors: tuple[tuple[tuple[str, ...], str], ...] = ()


def read(values: Mapping[str, object], known: Known = NOTHING_KNOWN) -> Written:
    """Read an example from plain values."""
    asked = fill(Example, PARAMETERS, {key: one for key, one in values.items() if key != EXPECT}, known)
    wanted = values.get(EXPECT)
    if isinstance(wanted, Mapping):
        expected = fill(Expected, EXPECTED, wanted, known)
    else:
        told = BadParameter(EXPECT, "ajoutez « expect », avec ce qui est attendu : « allowed: oui ».")
        expected = Filled(errors=in_french([told]))
    errors: list[tuple[tuple[str, ...], str]] = [((one.name,), one.message) for one in asked.errors]
    errors += [(tuple(dict.fromkeys((EXPECT, one.name))), one.message) for one in expected.errors]
    return Written(None, None, tuple(errors)) if errors else Written(asked.made, expected.made)


def written(example: Example, expected: Expected) -> dict[str, object]:
    """An example in plain values: ``read`` gives it back."""
    return {**plain(example, PARAMETERS), EXPECT: plain(expected, EXPECTED)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the règlement answers to an example."""

    verdict: Verdict
    from_at: frozenset[datetime | None]
    until_at: frozenset[datetime | None]
    cancel_until_at: frozenset[datetime | None]
    documents: frozenset[str]

    def by(self, severity: Severity) -> frozenset[str]:
        """The rules that say so."""
        return frozenset(one.rule for one in self.verdict.refusals if one.severity is severity)

    @property
    def allowed(self) -> bool:
        """Accepted at once, whole."""
        return not self.documents and all(one.severity is Severity.WARNING for one in self.verdict.refusals)


def run(example: Example, book: Book) -> Outcome:
    """Judge an example by a règlement. A pure function."""
    calendar = book.calendar
    books = example.books.slots(calendar) if example.books else frozenset()
    cancels = example.cancels.slots(calendar) if example.cancels else frozenset()
    booked = example.booked or Squares()
    before = booked.slots(calendar) | cancels
    child = _child(example)
    rules = tuple(one for one in book.rules if _is_tried(example, one) and one.concerns(child))
    mine = ChildPlan.change(
        child,
        [Booked(slot, "confirmed") for slot in before],
        add=books,
        drop=cancels,
        registrations=_registrations(example, books | before),
        asked_at=booked.moments(calendar),
        cancelled_at=example.cancelled.moments(calendar) if example.cancelled else None,
    )
    taken = dict(example.taken.numbers) if example.taken else {}
    plan = Plan(
        children=(mine,),
        now=example.at,
        calendar=calendar,
        places=book.places,
        taken={slot: taken[slot.unit] for slot in books if slot.unit in taken},
        names=book.names,
        minutes=book.minutes,
        overdue_cents=int((example.overdue or 0) * 100),
    )
    return Outcome(
        judge(plan, rules),
        frozenset(bookable_from(slot, rules) for slot in books),
        frozenset(bookable_until(slot, rules, calendar) for slot in books),
        frozenset(cancellable_until(slot, rules, calendar) for slot in cancels or books),
        _documents(example, book),
    )


def differences(expected: Expected, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What is not as expected: the key, and a sentence with both."""
    for key, wanted, got in _compared(expected, outcome):
        if wanted is not None and wanted != got:
            told = _answer(outcome) if key in ANSWERS else _words(got)
            yield key, f"attendu{NBSP}: {_words(wanted)}{NBSP}; obtenu{NBSP}: {told}"


def _compared(expected: Expected, outcome: Outcome) -> Iterator[tuple[str, object, object]]:
    """Each key with what is wanted, None where nothing is, and what was got."""
    yield "allowed", expected.allowed, outcome.allowed
    for key, severity in ANSWERS.items():
        if severity is not None:
            yield key, getattr(expected, key), outcome.by(severity)
    refusals = outcome.verdict.refusals
    yield "effects", expected.effects, frozenset(one.effect for one in refusals if one.effect)
    remedies = frozenset(one.remedy.sentence for one in refusals if one.remedy)
    # One of them is enough: a plan may be wrong in several ways.
    yield "remedy", expected.remedy, expected.remedy if expected.remedy in remedies else remedies
    for key, moments in (
        ("bookable_from", outcome.from_at),
        ("bookable_until", outcome.until_at),
        ("cancellable_until", outcome.cancel_until_at),
    ):
        moment = getattr(expected, key)
        yield key, None if moment is None else frozenset({moment}), moments
    yield "documents", expected.documents, outcome.documents


def _words(value: object) -> str:
    """A value as a sentence says it."""
    if isinstance(value, bool):
        return "accepté" if value else "refusé"
    if isinstance(value, frozenset):
        return joined(sorted(map(_words, value))) or "rien"
    if isinstance(value, datetime):
        return moment_text(value)
    return "sans limite" if value is None else str(value)


def _answer(outcome: Outcome) -> str:
    if not outcome.verdict.refusals and not outcome.documents:
        return "accepté"
    said = [f"{one.rule} ({SEVERITIES[one.severity]})" for one in outcome.verdict.refusals]
    said += [f"il manque {code}" for code in sorted(outcome.documents)]
    sentences = " ".join(one.sentence for one in outcome.verdict.refusals)
    return f"{joined(dict.fromkeys(said))}. {sentences}".strip()


def _child(example: Example) -> Child:
    today = local_day(example.at)
    born_on = example.born_on or (add_months(today, -example.age) if example.age is not None else ANY_DAY)
    return Child(
        CHILD,
        "l’enfant",
        born_on,
        example.residence,
        example.level,
        frozenset(example.groups or ()),
        frozenset(example.answers or ()) | frozenset(example.papers or ()),
    )


def _is_tried(example: Example, dated: DatedRule) -> bool:
    """Whether the example tells what the rule looks at."""
    if isinstance(dated.rule, Age):
        return example.age is not None or example.born_on is not None
    return not isinstance(dated.rule, Papers) or example.papers is not None


def _registrations(example: Example, slots: Collection[Slot]) -> dict[str, tuple[Window, ...]]:
    named = example.registered
    codes = {slot.activity for slot in slots} if named is None else {activity_of(code) for code in named}
    return dict.fromkeys(codes, FOR_EVER)


def _documents(example: Example, book: Book) -> frozenset[str]:
    """The mandatory documents without which the child can't be registered."""
    if example.registers is None or example.papers is None:
        return frozenset()
    concerned = book.concerned.get(example.registers, frozenset())
    today = local_day(example.at)
    subjects = (
        Subject("family", HOUSEHOLD, "le foyer", concerned),
        Subject("child", CHILD, "l’enfant", concerned),
        Subject("guardian", GUARDIAN, "le responsable", concerned),
    )
    held = [Held(code, subject.id, "valid", today) for code in example.papers for subject in subjects]
    found = missing(book.documents, subjects, held, (), today)
    return frozenset(one.code for one in found if one.blocks)
