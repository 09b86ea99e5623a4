"""What explains an answer, in plain values; and what of it whoever reads may know.

A trace is judged and kept on every fact. It is narrowed when it is read: by the rights of the reader's roles
as the town tightened them, and to the facilities where they hold.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.versions import Remembered
from app.access.viewer import Viewer, unscoped
from app.declare import Entity
from app.models import Document, Family, Invoice, Membership, Person, Question, Registration, Schooling
from app.rules.examples import Example
from app.rules.explain import Explanation, explain
from app.rules.facts import Names, Slot, activity_of
from app.rules.squares import moment_text
from app.rules.trying import Book, explained, run
from app.rules.verdict import Refusal, Severity, Verdict
from app.rules.words import NBSP
from app.services.catalogue import catalogue
from app.services.desk import Desk, Draft
from app.services.rulebook.compiled import rows_now
from app.services.rulebook.printed import names_of

UNTOLD = "Une règle dont le détail n’est pas montré."
WIDER = f"Une règle qui regarde aussi d’autres structures{NBSP}: "
TOLD_BY: Mapping[str, tuple[type[Entity], str]] = {
    "born_on": (Person, "born_on"),
    "residence": (Family, "residence"),
    "school": (Schooling, "school"),
    "level": (Schooling, "level"),
    "groups": (Registration, "group"),
    "custody": (Membership, "custody"),
}
"""The attribute that each fact of a trace is read from."""
Trace = dict[str, Any]


@dataclass(frozen=True)
class Reader:
    """What somebody may know of a trace; as it stands, everything.

    ``traits``: the answers and papers that they may read, by their codes; ``activities``: those of their
    facilities. None: all of them.
    """

    hidden: frozenset[str] = frozenset()
    traits: frozenset[str] | None = None
    activities: frozenset[str] | None = None
    reads_bills: bool = True

    def reaches(self, square: str) -> bool:
        """Whether a square, as a trace writes it, is of their facilities."""
        return self.activities is None or activity_of(square.partition(" ")[0]) in self.activities

    def reads(self, rule: Mapping[str, Any]) -> bool:
        """Whether what a rule answers tells nothing that they may not know."""
        return self.reads_traits(rule.get("traits", ())) and self.hidden.isdisjoint(rule.get("facts", ()))

    def reads_traits(self, codes: Iterable[str]) -> bool:
        """Whether they may read each of these answers and papers."""
        return self.traits is None or self.traits.issuperset(codes)


ANYBODY = Reader(frozenset(TOLD_BY), frozenset(), None, reads_bills=False)
"""Whoever reads a list or an export of refusals: what depends on a right is not told."""


def reader_of(viewer: Viewer) -> Reader:
    """What a viewer may know. One statement where the town hid answers or papers from them, none else."""
    hidden = {
        fact
        for fact, (entity, name) in TOLD_BY.items()
        if not permissions.sees(viewer, entity.__attributes__[name])
    }
    known = catalogue()
    reached = viewer.facility_ids
    return Reader(
        frozenset(hidden),
        _traits(viewer, known.documents),
        None
        if reached is None
        else frozenset(one.code for one in known.activities.values() if one.facility_id in reached),
        permissions.may(viewer, Invoice, Action.SEE),
    )


def _traits(viewer: Viewer, documents: Collection[str]) -> frozenset[str] | None:
    asked = viewer.hidden_questions
    reads_papers = permissions.sees(viewer, Document.__attributes__["status"])
    if not asked and reads_papers:
        return None
    with unscoped("les questions de la commune sont les mêmes pour tout le monde"):
        questions = dict(db.session.execute(select(Question.code, Question.id)).tuples().all())
    known = questions.keys() | documents
    hidden = {code for code, number in questions.items() if number in asked}
    return frozenset(known - hidden - (frozenset() if reads_papers else frozenset(documents)))


names: Callable[[], Names] = Remembered(
    "ce que disent les codes des règles est public", lambda: names_of(rows_now())
)
"""What the codes of every rule of the town are called. One statement, sixteen after a change."""


def trace(desk: Desk, draft: Draft, verdict: Verdict, about: Collection[Slot] | None = None) -> Trace:
    """Everything that explains an answer: the moment, the facts, every rule.

    ``about`` some of the squares asked for: what is said of them, and the rules that cover them.
    """

    def told(slots: Collection[Slot]) -> list[str]:
        return squares(slots if about is None else frozenset(slots) & frozenset(about))

    said = [one for one in verdict.refusals if about is None or not one.slots.isdisjoint(about)]
    return {
        "at": moment_text(desk.now),
        "adds": told(draft.wanted),
        "drops": told(draft.unwanted),
        "child": _facts(desk, min((slot.on for slot in about or draft.slots), default=desk.from_on)),
        "said": [_refusal(one) for one in said],
        "rules": _rules(explain(desk.plan(draft), desk.all_rules, names(), about)),
    }


def trace_of_example(example: Example, book: Book) -> Trace:
    """The same of a worked example, but the facts: they are what it tells."""
    plan, found = explained(example, book, names())
    (mine,) = plan.children
    told = run(example, book)
    said = [_refusal(one) for one in told.verdict.refusals]
    said += [_answer(*one) for one in (told.registration.refusals if told.registration else ())]
    said += [
        _answer(code, Severity.REFUSED, f"Il manque{NBSP}: {names().get(code, code)}.")
        for code in sorted(told.documents)
    ]
    return {
        "at": None,
        "adds": squares(mine.added),
        "drops": squares(mine.dropped),
        "child": {},
        "said": said,
        "rules": _rules(found),
    }


def narrowed(found: Mapping[str, Any], reader: Reader) -> Trace:
    """What of a trace a reader may know."""
    rules = found.get("rules", ())
    by_code: dict[str, list[Mapping[str, Any]]] = {}
    for one in rules:  # the versions of a rule share its code
        by_code.setdefault(one["code"], []).append(one)
    child = {fact: value for fact, value in found.get("child", {}).items() if fact not in reader.hidden}
    groups = child.get("groups") or {}
    child["groups"] = sorted(
        name
        for activity, those in groups.items()
        if reader.activities is None or activity in reader.activities
        for name in those
    )
    return {
        **found,
        "adds": list(filter(reader.reaches, found.get("adds", ()))),
        "drops": list(filter(reader.reaches, found.get("drops", ()))),
        "child": child,
        "said": [
            _said(one, by_code.get(one["rule"], []), reader)
            for one in found.get("said", ())
            if one["severity"] != Severity.WARNING or any(map(reader.reaches, one["squares"]))
        ],
        "rules": [
            {**one, "limits": [pair for pair in one.get("limits", ()) if reader.reaches(pair[0])]}
            for one in rules
            if reader.reads(one)
        ],
    }


def _said(one: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], reader: Reader) -> Trace:
    """A refusal as a reader may know it: the answer stays true, whatever its reasons tell."""
    squares = list(filter(reader.reaches, one["squares"]))
    if not all(map(reader.reads, versions)):
        return {**one, "squares": squares, "sentence": UNTOLD, "article": None, "until": None, "remedy": None}
    if len(squares) < len(one["squares"]):
        rule = next((rule for rule in versions if rule["state"] == "said"), None)
        told = WIDER + rule["sentence"] if rule else UNTOLD
        return {**one, "squares": squares, "sentence": told, "remedy": None}
    if one.get("discreet") and not reader.reads_bills:
        return {**one, "sentence": one["discreet"]}
    return dict(one)


def squares(slots: Iterable[Slot]) -> list[str]:
    """Squares in the order of the days: "mercredi.matin 2026-12-09"."""
    return [
        f"{slot.unit} {slot.on.isoformat()}" for slot in sorted(slots, key=lambda one: (one.on, one.unit))
    ]


def _facts(desk: Desk, on: date) -> dict[str, Any]:
    """What is told of the child that day; not the answers nor the papers, which not everybody may read."""
    child = desk.child.on(on)
    groups: dict[str, list[str]] = {}
    for row in desk.registrations:
        if row.group is not None and row.group.name in child.groups and row.starts_on <= on <= row.ends_on:
            groups.setdefault(row.activity.code, []).append(row.group.name)
    return {
        "born_on": child.born_on.isoformat(),
        "residence": child.residence,
        "school": child.school,
        "level": child.level,
        "groups": groups,
        "custody": child.custody,
    }


def _refusal(one: Refusal) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "article": one.article,
        "severity": one.severity.value,
        "squares": squares(one.slots),
        "sentence": one.sentence,
        "discreet": one.discreet,
        "until": moment_text(one.until) if one.until else None,
        "remedy": one.remedy.sentence if one.remedy else None,
    }


def _answer(rule: str, severity: Severity, sentence: str) -> dict[str, Any]:
    """What is said of a registration: of no square, whatever the moment."""
    return {"rule": rule, "severity": severity.value, "squares": [], "sentence": sentence}


def _rules(told: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "code": one.code,
            "sentence": one.sentence,
            "article": one.article,
            "state": one.state,
            "facts": sorted(one.facts),
            "traits": sorted(one.traits),
            "limits": [
                [f"{slot.unit} {slot.on.isoformat()}", moment_text(limit)] for slot, limit in one.limits
            ],
        }
        for one in told.rules
    ]
