"""Who of the service read a child's health, and when: noted with the reading, whatever the door.

Entities say it (``__health__``, the relation to the child). Each of their rows that the database gives to
somebody of the service counts, in a page, a list, an export or the API; counts and sums don't, nor the
day's roll, which reads the allergies alone. One row a reader, a child and a day: what a parent wants to
know is who and when, not how often.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, event, literal, select
from sqlalchemy.orm import Session, object_session

from app.access.database import UPSERTS, db, mark
from app.access.viewer import current_viewer
from app.declare import Entity, entities, entity_named
from app.entities.question import QuestionSection
from app.rules.calendar import local_day

KEY = "health read"
HEALTH = QuestionSection.HEALTH.label


def install() -> None:
    """Listen to the rows that the database gives, of the entities about health alone."""
    for entity in entities():
        if entity.__answers__ and not event.contains(entity, "load", _answered):
            event.listen(entity, "load", _answered)
        if entity.__health__ and not event.contains(entity, "load", _given):
            event.listen(entity, "load", _given)


def _given(row: Entity, context: Any) -> None:
    session = object_session(row)
    key = row.__dict__.get(row.__attributes__[row.__health__].column)
    if session is not None and key is not None:
        noted(session, (key,))


def _answered(row: Entity, context: Any) -> None:
    """An answer about a child's health; one that says nothing tells nothing."""
    viewer = current_viewer()
    session = object_session(row)
    state = row.__dict__
    if viewer is None or session is None or not viewer.is_staff or not state.get("words"):
        return
    about = {one.question_id for those in viewer.asked.values() for one in those if one.section == HEALTH}
    if state.get("question_id") in about and state.get("person_id") is not None:
        noted(session, (state["person_id"],))


def noted(session: Session, child_ids: Iterable[int]) -> None:
    """These children's health was given to whoever asks; a parent's own reading is not noted."""
    viewer = current_viewer()
    if viewer is not None and viewer.is_staff:
        session.info.setdefault(KEY, set()).update(child_ids)


def write(now: datetime) -> None:
    """Put the readings noted in the session on record, in a transaction of their own. One statement, or none.

    What the page wrote or undid has no part in it. A colleague's same reading at the same time counts once.
    """
    viewer = current_viewer()
    child_ids = db.session().info.pop(KEY, None)
    if not child_ids or viewer is None:
        return
    person = cast(Table, entity_named("Person").__table__)
    reading = cast(Table, entity_named("HealthReading").__table__)
    values = {
        "child_id": person.c.id,
        "account_id": literal(viewer.account_id, reading.c.account_id.type),
        "reader": literal(viewer.name),
        "day": literal(local_day(now), reading.c.day.type),
        "read_at": literal(now, reading.c.read_at.type),
    }
    who = select(*values.values()).where(person.c.id.in_(child_ids))
    with mark() as connection:
        insert = UPSERTS[connection.dialect.name](reading)
        connection.execute(insert.from_select([*values], who).on_conflict_do_nothing())
