"""Examples tried on a règlement: what it answers, and where that differs from what is expected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from app.rules.ages import Ages, age_problem
from app.rules.booking import (
    AGES,
    DatedRule,
    bookable_from,
    bookable_until,
    cancellable_until,
    describe_dated,
    judge,
)
from app.rules.calendar import ONE_DAY, Calendar, add_months, local_day, school_year
from app.rules.examples import EFFECTS, Example, Expected
from app.rules.explain import Explanation, RuleAnswer, explain
from app.rules.facts import Booked, Child, ChildPlan, Names, Plan, Slot, Window, activity_of
from app.rules.paperwork import DocumentRule, Held, Subject, missing
from app.rules.periods import monday_of
from app.rules.registering import RegistrationAnswer, rank_of, registering
from app.rules.squares import Squares
from app.rules.verdict import Severity, Verdict
from app.rules.words import NBSP, day_words, french, joined, limit_words, moment_words

FOR_EVER: tuple[Window, ...] = ((date.min, None),)
ANY_DAY = date(2000, 1, 1)
HOUSEHOLD, CHILD, GUARDIAN = 1, 2, 3
UNDER_SIX = 5
ANSWERS = {
    "allowed": None,
    "refused_by": Severity.REFUSED,
    "asks_staff_by": Severity.ASK_STAFF,
    "waits_by": Severity.WAITING,
    "warned_by": Severity.WARNING,
}
SEVERITY_WORDS = {
    Severity.REFUSED: "refusé",
    Severity.ASK_STAFF: "soumis au service",
    Severity.WAITING: "liste d’attente",
    Severity.WARNING: "averti",
}


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
    ages: Mapping[str, Ages] = field(default_factory=lambda: MappingProxyType({}))
    """The ages of an activity, by its code."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the règlement answers to an example."""

    verdict: Verdict
    from_at: frozenset[datetime | None]
    until_at: frozenset[datetime | None]
    cancel_until_at: frozenset[datetime | None]
    documents: frozenset[str]
    registration: RegistrationAnswer | None
    rank: int | None

    def by(self, severity: Severity) -> frozenset[str]:
        """The rules that say so."""
        registering = self.registration.by(severity) if self.registration else frozenset()
        return registering | {one.rule for one in self.verdict.refusals if one.severity is severity}

    @property
    def allowed(self) -> bool | None:
        """True: accepted at once, whole. False: something of it is refused, or can't be registered. None:
        neither, it waits for a place or for the service.
        """
        if self.documents or self.by(Severity.REFUSED):
            return False
        return None if self.by(Severity.WAITING) or self.by(Severity.ASK_STAFF) else True


def posed(example: Example, book: Book) -> Plan:
    """The plan that an example makes."""
    calendar = book.calendar
    books, cancels = _slots(example.books, calendar), _slots(example.cancels, calendar)
    booked = example.booked or Squares()
    before = booked.slots(calendar) | cancels
    child = _child(example)
    mine = ChildPlan.change(
        child,
        [Booked(slot, "confirmed") for slot in before],
        add=books,
        drop=cancels,
        registrations=_registrations(example, books | before),
        asked_at=booked.moments(calendar),
        cancelled_at=example.cancelled.moments(calendar) if example.cancelled else None,
    )
    crowd = _crowd(example, child, _week(books))
    return Plan(
        children=(mine,),
        now=example.at,
        calendar=calendar,
        places=book.places,
        taken={slot: len(others) for slot, others in crowd.items()},
        names=book.names,
        minutes=book.minutes,
        overdue_cents=int((example.overdue or 0) * 100),
        crowd=crowd,
    )


def run(example: Example, book: Book) -> Outcome:
    """Judge an example by a règlement. A pure function."""
    plan, calendar = posed(example, book), book.calendar
    (mine,) = plan.children
    child, books = mine.child, _slots(example.books, calendar)
    rules = tuple(one for one in book.rules if _is_tried(example, one) and one.concerns(child))
    return Outcome(
        judge(plan, rules),
        frozenset(bookable_from(slot, rules, calendar) for slot in books),
        frozenset(bookable_until(slot, rules, calendar) for slot in books),
        frozenset(cancellable_until(slot, rules, calendar) for slot in mine.dropped or books),
        _documents(example, book),
        _registration(example, child, book),
        _rank(example, child, books, rules),
    )


def explained(example: Example, book: Book, names: Names) -> tuple[Plan, Explanation]:
    """The plan of an example, and what each rule answers to it; or that the example tells too little of the
    child.
    """
    plan = posed(example, book)
    known = [one for one in book.rules if _is_tried(example, one)]
    found = explain(plan, known, names)
    untold = tuple(
        RuleAnswer(one.called, french(describe_dated(one, names)), one.article, "untold")
        for one in book.rules
        if not _is_tried(example, one)
    )
    return plan, Explanation(found.rules + untold, found.always)


def differences(expected: Expected, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What is not as expected: the key, and a sentence with both."""
    for key, wanted, got in _compared(expected, outcome):
        if wanted is not None and wanted != got:
            said = moment_words if key == "bookable_from" else limit_words
            told = _answer(outcome) if key in ANSWERS else _words(got, said)
            yield key, f"attendu{NBSP}: {_words(wanted, said)}{NBSP}; obtenu{NBSP}: {told}"


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
    yield "starts_on", expected.starts_on, outcome.registration and outcome.registration.first_day
    yield "rank", expected.rank, outcome.rank


def _words(value: object, said: Callable[[datetime], str] = limit_words) -> str:
    """A value as a sentence says it; `said` puts a moment in words."""
    if isinstance(value, bool):
        return "accepté" if value else "refusé"
    if isinstance(value, frozenset):
        return joined(sorted(_words(one, said) for one in value)) or "rien"
    if isinstance(value, datetime):
        return said(value)
    if isinstance(value, date):
        return day_words(value)
    return "sans limite" if value is None else EFFECTS.get(str(value), str(value))


def _answer(outcome: Outcome) -> str:
    registered = outcome.registration is None or not outcome.registration.refusals
    if not outcome.verdict.refusals and not outcome.documents and registered:
        return "accepté"
    said = [f"{one.rule} ({SEVERITY_WORDS[one.severity]})" for one in outcome.verdict.refusals]
    told = outcome.registration.refusals if outcome.registration else ()
    said += [f"{code} ({SEVERITY_WORDS[severity]})" for code, severity, _ in told]
    said += [f"il manque {code}" for code in sorted(outcome.documents)]
    sentences = " ".join([*(one.sentence for one in outcome.verdict.refusals), *(one for _, _, one in told)])
    return f"{joined(dict.fromkeys(said))}. {sentences}".strip()


def _slots(squares: Squares | None, calendar: Calendar) -> frozenset[Slot]:
    return squares.slots(calendar) if squares else frozenset()


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
        example.custody,
        school=example.school,
    )


def _is_tried(example: Example, dated: DatedRule) -> bool:
    """Whether the example tells what the rule looks at."""
    if "born_on" in dated.looks_at:
        return example.tells_age
    return not dated.papers or example.papers is not None


def _registrations(example: Example, slots: Collection[Slot]) -> dict[str, tuple[Window, ...]]:
    named = example.registered
    codes = {slot.activity for slot in slots} if named is None else {activity_of(code) for code in named}
    return dict.fromkeys(codes, FOR_EVER)


def _registration(example: Example, child: Child, book: Book) -> RegistrationAnswer | None:
    if example.registers is None:
        return None
    today = local_day(example.at)
    answer = registering(child, example.registers, today, example.at, book.calendar, book.rules)
    year = school_year(answer.first_day)
    problem = example.tells_age and age_problem(
        child.name,
        child.born_on,
        book.ages.get(example.registers, (None, None)),
        answer.first_day,
        year.until_on - ONE_DAY,
    )
    if not problem:
        return answer
    return replace(answer, refusals=(*answer.refusals, (AGES, Severity.REFUSED, problem)))


def _rank(
    example: Example, child: Child, books: Collection[Slot], rules: tuple[DatedRule, ...]
) -> int | None:
    """The best of its ranks for what is asked."""
    asked = [(slot.activity, slot.on) for slot in books]
    if example.registers is not None:
        asked.append((example.registers, local_day(example.at)))
    return min((rank_of(child, activity, on, rules) for activity, on in asked), default=None)


def _week(slots: Collection[Slot]) -> set[Slot]:
    """These squares and those of the same units in their weeks: places may be counted over a week."""
    mondays = {(slot.unit, monday_of(slot.on)) for slot in slots}
    return {Slot(unit, monday + ONE_DAY * rank) for unit, monday in mondays for rank in range(7)}


def _crowd(example: Example, child: Child, days: Collection[Slot]) -> dict[Slot, tuple[Child, ...]]:
    """Who has the places taken: children told as this one is, and those under six."""
    taken, small = (dict(one.numbers) if one else {} for one in (example.taken, example.taken_under_six))
    others: dict[Slot, tuple[Child, ...]] = {}
    for slot in days:
        born_on = add_months(slot.on, -12 * UNDER_SIX)
        others[slot] = (child,) * taken.get(slot.unit, 0)
        others[slot] += (replace(child, born_on=born_on),) * small.get(slot.unit, 0)
    return others


def _documents(example: Example, book: Book) -> frozenset[str]:
    """The mandatory documents without which the child can't be registered."""
    if example.registers is None or example.papers is None:
        return frozenset()
    concerned = book.concerned.get(example.registers, frozenset())
    today = local_day(example.at)
    subjects = (
        Subject("family", HOUSEHOLD, "le foyer", concerned),
        Subject("child", CHILD, "l’enfant", concerned, frozenset(example.answers or ())),
        Subject("guardian", GUARDIAN, "le responsable", concerned),
    )
    held = [Held(code, subject.id, "valid", today) for code in example.papers for subject in subjects]
    found = missing(book.documents, subjects, held, (), today)
    return frozenset(one.code for one in found if one.blocks)
