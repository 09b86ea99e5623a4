"""Documents asked, held and put off: what is missing, for whom, why, and whether it blocks a registration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.rules.calendar import ONE_DAY, add_months, month_day_in, school_year
from app.rules.words import NBSP, day_words, of

SubjectKind = Literal["family", "child", "guardian"]
HeldStatus = Literal["received", "valid", "refused", "expired"]
State = Literal["never_given", "received", "refused", "expired", "deferred"]
Validity = Literal["school_year", "permanent"] | int


@dataclass(frozen=True, slots=True)
class DocumentRule:
    """A document asked of each family, child or guardian whom it concerns.

    `validity` is a school year, for ever, or a number of months. `concerns` are codes of activities and
    facilities, None for all. `accepts_received`: what waits for staff to check it counts already. A
    document for a school year given from `renews` (month, day) on holds to the end of the next one.
    `phrase` is the label with its article, "la fiche sanitaire". `asked_if` is the code of a question: only
    those who answered yes to it are asked.
    """

    code: str
    label: str
    subject: SubjectKind
    mandatory: bool = True
    validity: Validity = "school_year"
    concerns: frozenset[str] | None = None
    accepts_received: bool = False
    renews: tuple[int, int] = (5, 1)
    phrase: str = ""
    asked_if: str | None = None

    def asked_of(self, subject: Subject) -> bool:
        return (
            subject.kind == self.subject
            and (self.concerns is None or bool(self.concerns & subject.concerned))
            and (self.asked_if is None or self.asked_if in subject.traits)
        )

    def expires_on(self, from_on: date) -> date | None:
        """The first day it no longer holds, given from when it does; None for a permanent document."""
        if self.validity == "permanent":
            return None
        if self.validity != "school_year":
            return add_months(from_on, self.validity)
        year = school_year(from_on)
        renewal = month_day_in(year, self.renews)
        return year.until_on if from_on < renewal else school_year(year.until_on).until_on

    @property
    def named(self) -> str:
        """The document in a sentence: its phrase, or what can be said without knowing its gender."""
        if self.phrase:
            return self.phrase
        if self.label[:1].lower() in "aeéèêiou":
            return f"l’{self.label[:1].lower()}{self.label[1:]}"
        return f"le document «{NBSP}{self.label}{NBSP}»"


@dataclass(frozen=True, slots=True)
class Subject:
    """Someone of whom documents are asked, with the codes of the activities and facilities concerned.

    For a registration, add the activity asked for to `concerned` before calling `missing`. A family or a
    guardian is concerned by what its children are. `traits` are the codes of the questions answered yes.
    """

    kind: SubjectKind
    id: int
    name: str
    concerned: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Held:
    """A document given. It holds from `from_on` to `until_on` (excluded); None: as long as its rule says."""

    code: str
    subject_id: int
    status: HeldStatus
    from_on: date
    until_on: date | None = None


@dataclass(frozen=True, slots=True)
class Deferred:
    """A delay granted by staff: until `until_on`, excluded, the missing document blocks nothing."""

    code: str
    subject_id: int
    until_on: date


@dataclass(frozen=True, slots=True)
class Missing:
    """A document that does not hold, with the sentence a parent reads. `until_on` ends the delay granted,
    excluded.
    """

    code: str
    label: str
    subject: Subject
    why: str
    state: State
    mandatory: bool
    concerns: frozenset[str] | None = None
    until_on: date | None = None

    @property
    def blocks(self) -> bool:
        """A mandatory document blocks registration unless a delay runs."""
        return self.mandatory and self.state != "deferred"


def missing(
    rules: Iterable[DocumentRule],
    subjects: Collection[Subject],
    held: Iterable[Held],
    deferred: Iterable[Deferred],
    on: date,
    today: date | None = None,
) -> tuple[Missing, ...]:
    """Every document that will not hold on the day `on`, mandatory or not, in the order of the rules then
    the subjects.

    `today` is the day of the question, on which delays run; `on` when it is not given.
    """
    given: dict[tuple[str, int], list[Held]] = defaultdict(list)
    for one in held:
        given[one.code, one.subject_id].append(one)
    delays: dict[tuple[str, int], date] = {}
    for delay in deferred:
        key = (delay.code, delay.subject_id)
        delays[key] = max(delay.until_on, delays.get(key, delay.until_on))
    found: list[Missing] = []
    for rule in rules:
        for subject in subjects:
            key = (rule.code, subject.id)
            if rule.asked_of(subject) and (state := _state(rule, given.get(key, []), on)):
                delay_until = delays.get(key)
                running = delay_until if delay_until and (today or on) < delay_until else None
                found.append(_told(rule, subject, *state, running))
    return tuple(found)


def blocking(found: Iterable[Missing], child_id: int, codes: frozenset[str]) -> tuple[Missing, ...]:
    """What stops this child's registration for an activity; `codes` are the activity's and its facility's.

    A child's documents stop that child alone; the family's and the guardians' stop all its children.
    """
    return tuple(
        one
        for one in found
        if one.blocks
        and (one.subject.kind != "child" or one.subject.id == child_id)
        and (one.concerns is None or bool(one.concerns & codes))
    )


def _told(
    rule: DocumentRule, subject: Subject, state: State, ended_on: date | None, delay_until: date | None
) -> Missing:
    why = _why(rule, subject, state, ended_on)
    if delay_until is not None:
        state = "deferred"
        why += f" Un délai vous est accordé jusqu’au {day_words(delay_until - ONE_DAY)}."
    return Missing(rule.code, rule.label, subject, why, state, rule.mandatory, rule.concerns, delay_until)


def _state(rule: DocumentRule, given: list[Held], on: date) -> tuple[State, date | None] | None:
    """None when the document holds that day; otherwise its state, and the day it ended if it expired."""
    running: set[HeldStatus] = set()
    ended: list[date] = []
    for one in given:
        until_on = one.until_on or rule.expires_on(one.from_on)
        if until_on is not None and until_on <= on:
            if one.status in ("valid", "expired"):
                ended.append(until_on)
        elif one.status == "refused" or one.from_on <= on:
            running.add(one.status)
    if "valid" in running or ("received" in running and rule.accepts_received):
        return None
    if "received" in running:
        return "received", None
    if "refused" in running:
        return "refused", None
    if ended or "expired" in running:
        return "expired", max(ended, default=None)
    return "never_given", None


def _why(rule: DocumentRule, subject: Subject, state: State, ended_on: date | None) -> str:
    document = f"{rule.named} {of(subject.name)}"
    if state == "received":
        return f"Le service doit encore vérifier {document}."
    if state == "refused":
        return f"Il faut renvoyer {document}{NBSP}: le dernier envoi est refusé."
    if state == "expired":
        ended = f", valable jusqu’au {day_words(ended_on - ONE_DAY)}" if ended_on else ""
        return f"Il faut renouveler {document}{ended}."
    return f"Il manque {document}."
