"""What parents asked for and were refused, kept with the reasons of that moment, for whom they call.

The same request refused for the same reasons is kept once, with its first moment: one row for each activity
it is about. A household keeps so many a day, and each tells so many squares.
"""

import hashlib
import json
import logging
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import Select, Table, delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import contains_eager

from app.access.database import UPSERTS, db, mark
from app.access.folding import contains
from app.access.viewer import unscoped
from app.models import Family, Person, RefusedRequest
from app.rules.calendar import PARIS, local_day
from app.rules.facts import Slot, activity_of
from app.rules.verdict import Refusal, Severity, Verdict
from app.rules.words import counted
from app.services import verdict_traces
from app.services.desk import Desk, Draft
from app.services.verdict_traces import ANYBODY, Trace

KEPT = timedelta(days=365)
A_DAY = 20
"""How many rows a household leaves in a day."""
SQUARES = 12
"""How many squares of an activity a row tells."""
log = logging.getLogger(__name__)


def keep(desk: Desk, draft: Draft, verdict: Verdict, by: str) -> None:
    """Keep a refusal, once its page is made: a write of its own, the last thing that a request does.

    It fails no page: what can't be kept is logged. Nothing is written when nothing is refused, when the same
    is kept already, or when the household left enough rows today.
    """
    try:
        rows = list(_rows(desk, draft, verdict, by))
        if rows:
            _write(desk, rows)
    except SQLAlchemyError:
        log.exception("Une demande refusée n’est pas gardée")


def _write(desk: Desk, rows: list[dict[str, Any]]) -> None:
    table = cast(Table, RefusedRequest.__table__)
    midnight = datetime.combine(local_day(desk.now), time(), PARIS)
    today = (
        select(func.count())
        .select_from(table)
        .where(
            table.c.family_id == desk.family_id,
            table.c.refused_at >= midnight,
            table.c.refused_at < midnight + timedelta(days=1),
        )
    )
    with mark() as connection:
        room = A_DAY - (connection.scalar(today) or 0)
        if room > 0:
            insert = UPSERTS[connection.dialect.name](table).on_conflict_do_nothing()
            connection.execute(insert, rows[:room])


def _rows(desk: Desk, draft: Draft, verdict: Verdict, by: str) -> Iterator[dict[str, Any]]:
    """What to keep, an activity each."""
    refused = [one for one in verdict.refusals if one.severity is Severity.REFUSED]
    units = desk.offer.units
    by_activity: dict[int, set[Slot]] = {}
    held: dict[int, set[Slot]] = {}
    for one in refused:
        for slot in _asked(one, draft):
            if slot.unit in units:
                by_activity.setdefault(units[slot.unit].activity_id, set()).add(slot)
                held.setdefault(units[slot.unit].activity_id, set()).update(_held(one, draft))
    for activity_id, slots in by_activity.items():
        about, stands = (sorted(some, key=_in_order) for some in (slots, held[activity_id]))
        trace = verdict_traces.trace(desk, draft, verdict, [*about[:SQUARES], *stands[:SQUARES]])
        trace["others"] = len(about[SQUARES:])
        yield {
            "family_id": desk.family_id,
            "child_id": desk.child.id,
            "activity_id": activity_id,
            "refused_at": desk.now,
            "asked_by": by or None,
            "sentence": sentence_of(verdict_traces.narrowed(trace, ANYBODY)),
            "trace": trace,
            "digest": _digest(trace, about),
        }


def _asked(one: Refusal, draft: Draft) -> frozenset[Slot]:
    """The squares asked for that a refusal is about. It may name none of them: a meal given up is refused for
    the morning that stands. They are then those of the same activities, or all.
    """
    activities = {activity_of(slot.unit) for slot in one.slots}
    alike = frozenset(slot for slot in draft.slots if activity_of(slot.unit) in activities)
    return one.slots & draft.slots or alike or draft.slots


def _held(one: Refusal, draft: Draft) -> frozenset[Slot]:
    """The squares that stand, for which alone something else is refused."""
    return one.slots if one.slots.isdisjoint(draft.slots) else frozenset()


def _in_order(slot: Slot) -> tuple[date, str]:
    return slot.on, slot.unit


def sentence_of(trace: Trace) -> str:
    """What was answered, in a few lines."""
    said = [one["sentence"] for one in trace["said"] if one["severity"] == Severity.REFUSED]
    if trace.get("others"):
        said.append(f"Et {counted(trace['others'], 'autre case', 'autres cases')}.")
    return "\n".join(dict.fromkeys(said))


def _digest(trace: Trace, about: Collection[Slot]) -> str:
    refused = {(one["rule"], one["sentence"]) for one in trace["said"] if one["severity"] == Severity.REFUSED}
    told = [verdict_traces.squares(about), trace["drops"], sorted(refused)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def forget(now: datetime) -> int:
    """Delete what is older than a year: how many. Commits."""
    with unscoped("ce qui a été refusé il y a plus d’un an ne sert plus"):
        gone = db.session.execute(delete(RefusedRequest).where(RefusedRequest.refused_at < now - KEPT))
        db.session.commit()
    return int(getattr(gone, "rowcount", 0))


# --- Reading -------------------------------------------------------------------------------------


def page_of(words: str, offset: int, size: int) -> tuple[list[RefusedRequest], int]:
    """Those in reach that hold each of these words, the latest first, and how many there are. Two statements.

    A word is looked for in the names of the child and the household, in who asked and in the answer.
    """
    holds = [
        contains(Person.first_name, word)
        | contains(Person.last_name, word)
        | contains(Family.name, word)
        | contains(func.coalesce(RefusedRequest.asked_by, ""), word)
        | contains(RefusedRequest.sentence, word)
        for word in words.split()
    ]
    found = _named(select(RefusedRequest.id)).where(*holds)
    count = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    latest = (RefusedRequest.refused_at.desc(), RefusedRequest.id.desc())
    rows = _shown().where(*holds).order_by(*latest).offset(offset).limit(size)
    return list(db.session.scalars(rows)), count


def find(refused_id: int) -> RefusedRequest | None:
    """One in reach. One statement."""
    return db.session.scalars(_shown().where(RefusedRequest.id == refused_id)).one_or_none()


def _named(asked: Select[Any]) -> Select[Any]:
    """With their child, household and activity: one of which they are out of reach is none."""
    return asked.join(RefusedRequest.child).join(RefusedRequest.family).join(RefusedRequest.activity)


def _shown() -> Select[tuple[RefusedRequest]]:
    return _named(select(RefusedRequest)).options(
        contains_eager(RefusedRequest.child),
        contains_eager(RefusedRequest.family),
        contains_eager(RefusedRequest.activity),
    )
