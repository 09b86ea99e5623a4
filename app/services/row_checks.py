"""Checks of a whole row, where no attribute alone can tell: an end before its start, a rule that is none.

A page of the portal reads settings and rules each time: a row that can't be read must not be kept.
"""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import exists, inspect, select

from app.access import asking, tightening
from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Attribute, Entity
from app.entities.paperwork import Subject
from app.entities.question import SHARED
from app.models import Answer, FreezeDate, Period, Question, Rule, SchoolYear, Setting
from app.rules import kinds, who  # noqa: F401  (the kinds register themselves)
from app.rules.registry import build, out_of_its_reach
from app.rules.values import Misread
from app.rules.words import WEEKDAYS
from app.services.rulebook.calendar import LONGEST_YEAR
from app.services.settings import problem_of

PAIRS = (
    ("starts_on", "ends_on"),
    ("from_on", "until_on"),
    ("valid_from", "valid_until"),
    ("signed_on", "ended_on"),
    ("starts_at", "ends_at"),
    ("from_quotient", "until_quotient"),
    ("min_age_months", "max_age_months"),
    ("from_age", "to_age"),
)
"""Attributes that bound a stretch, in any entity."""
A_LEAP_YEAR = 2024
WHOLE = ""
"""The row as a whole, in what is told of it."""
Problems = dict[str, str]


def problems(row: Entity) -> Problems:
    """A sentence by attribute; nothing when the row holds together.

    No statement, but one for a question that changes.
    """
    found = _stretches(row)
    check = CHECKS.get(type(row).__name__)
    if check is not None:
        found |= check(row)
    return found


def beside(row: Entity) -> Problems:
    """The same of a row among those of its kind, once flushed; a year's own periods among them.

    No statement, but one for a period and two for a school year.
    """
    if isinstance(row, Period):
        return _periods(row.school_year, row)
    if not isinstance(row, SchoolYear):
        return {}
    years = db.session.scalars(select(SchoolYear).where(SchoolYear.id != row.id))
    met = next((one for one in years if one.starts_on <= row.ends_on and row.starts_on <= one.ends_on), None)
    if met is not None:
        return {"starts_on": f"Cette année chevauche {met.code}\u00a0: changez une des dates."}
    return _periods(row)


def _periods(year: SchoolYear, changed: Period | None = None) -> Problems:
    """Periods are days of their year, and share none. What is told is of the one that changed, or of all."""
    periods = db.session.scalars(
        select(Period).where(Period.school_year_id == year.id).order_by(Period.starts_on, Period.id)
    ).all()
    for one in periods if changed is None else (changed,):
        if one.starts_on < year.starts_on or one.ends_on > year.ends_on:
            key = WHOLE if changed is None else "starts_on" if one.starts_on < year.starts_on else "ends_on"
            return {key: f"La période «\u00a0{one.name}\u00a0» sort de l’année {year.code}."}
    for first, second in pairwise(periods):
        if second.starts_on <= first.ends_on and changed in (None, first, second):
            key = WHOLE if changed is None else "ends_on" if changed is first else "starts_on"
            names = f"«\u00a0{first.name}\u00a0» et «\u00a0{second.name}\u00a0»"
            return {key: f"{names} se chevauchent\u00a0: changez une de leurs dates."}
    return {}


def _stretches(row: Entity) -> Problems:
    found: Problems = {}
    declared: Mapping[str, Attribute] = row.__attributes__
    for start, end in PAIRS:
        if start in declared and end in declared:
            first, last = getattr(row, start), getattr(row, end)
            if first is not None and last is not None and last < first:
                found[end] = f"La fin vient avant le début («\u00a0{declared[start].label}\u00a0»)."
    return found


def _school_year(row: Any) -> Problems:
    if row.starts_on and row.ends_on and (row.ends_on - row.starts_on).days > LONGEST_YEAR:
        return {"ends_on": "Une année scolaire dure un an au plus\u00a0: vérifiez ses deux dates."}
    return {}


def _setting(row: Any) -> Problems:
    told = problem_of(row.key or "", (row.value or "").strip())
    return {"value": told} if told else {}


def _rule(row: Any) -> Problems:
    found: Problems = {}
    built = build(row.rule_kind, row.parameters or {})
    if built.rule is None:
        found["rule_kind"] = built.errors[0].message
    else:
        unread = out_of_its_reach(type(built.rule), row.units, row.weekdays)
        found |= {one.name: one.message for one in unread}
    unknown = [day for day in row.weekdays or () if day not in WEEKDAYS]
    if unknown:
        listed = ", ".join(WEEKDAYS)
        found["weekdays"] = f"«\u00a0{unknown[0]}\u00a0» n’est pas un jour. Écrivez\u00a0: {listed}."
    for name in ("who", "unless"):
        try:
            if getattr(row, name):
                who.read(getattr(row, name))
        except Misread as error:
            found[name] = f"{str(error)[:1].upper()}{str(error)[1:]}"
    return found


def _freeze(row: Any) -> Problems:
    found: Problems = {}
    for day, month in (("day", "month"), ("reopens_day", "reopens_month")):
        try:
            date(A_LEAP_YEAR, getattr(row, month) or 1, getattr(row, day) or 1)
        except ValueError:
            found[day] = "Ce jour n’existe pas dans ce mois."
    return found


ABOUT_A_CHILD = "Une question porte sur un enfant\u00a0: choisissez «\u00a0Chaque enfant\u00a0»."


def _question(row: Any) -> Problems:
    found = _still_tightened(row) | _still_answered(row)
    if not row.is_asked:
        return found
    if row.subject is not Subject.CHILD:
        found["subject"] = ABOUT_A_CHILD
    if found:
        return found
    in_force = asking.in_force()
    asked = [one.question_id for name in in_force if name != asking.RETIRED for one in in_force[name]]
    if len(asked) < asking.MOST or row.id in asked:
        return {}
    return {"is_asked": f"{asking.MOST} questions sont déjà posées\u00a0: retirez-en une."}


def _still_tightened(row: Any) -> Problems:
    """The rights of a question are kept by its code and its subject: they must not be lost by a new one."""
    moved = [name for name in ("code", "subject") if _has_changed(row, name)]
    if not inspect(row).has_identity or not moved:
        return {}
    was = inspect(row).attrs["code"].history.deleted or (row.code,)
    if asking.name_of(row.id, was[0]) not in {name for _, name in tightening.in_force()}:
        return {}
    return {moved[0]: "Des droits portent sur cette question\u00a0: retirez-les d’abord."}


ANSWERED = "Des réponses sont déjà données\u00a0: cessez de poser cette question et créez-en une autre."


def _still_answered(row: Any) -> Problems:
    """What was answered must go on meaning what it meant: a « non » must not be read as a day."""
    moved = [name for name in ("question_kind", "is_yearly", "subject") if _has_changed(row, name)]
    was = inspect(row).attrs["section"].history.deleted
    if was and (was[0] in SHARED) is not (row.section in SHARED):
        moved.append("section")  # one answer for both homes, or one for each
    if not moved or not inspect(row).has_identity:
        return {}
    with unscoped("une réponse hors de portée compte aussi"):
        told = db.session.scalar(select(exists().where(Answer.question_id == row.id)))
    return dict.fromkeys(moved, ANSWERED) if told else {}


def _has_changed(row: Any, name: str) -> bool:
    return bool(inspect(row).attrs[name].history.has_changes())


CHECKS: dict[str, Callable[[Any], Problems]] = {
    SchoolYear.__name__: _school_year,
    Setting.__name__: _setting,
    Rule.__name__: _rule,
    FreezeDate.__name__: _freeze,
    Question.__name__: _question,
}
