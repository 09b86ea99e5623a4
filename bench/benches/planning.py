"""The planning: a week of squares, a touch, a change sent and saved."""

from collections.abc import Iterator
from datetime import date, timedelta

from bench.registry import Work, bench
from bench.town import TODAY, Town

MONDAY = date(2027, 6, 21)


@bench("planning page", cpu_ms=25, statements=12)
def planning_page(town: Town) -> Work:
    """One child, one week, as the parent sees it."""
    child_id, family_id = town.busy_child()
    client = town.client(town.parent_of(family_id))
    return lambda: client.get(f"/planning/{child_id}?semaine={MONDAY}")


@bench("planning touch", cpu_ms=25, statements=12)
def planning_touch(town: Town) -> Work:
    """One square touched: the change judged by the server, the week drawn again."""
    child_id, family_id = town.busy_child()
    client = town.client(town.parent_of(family_id))
    key = next(_free_squares(town, child_id, family_id))
    monday = date.fromisoformat(key.partition("@")[2])
    monday -= timedelta(days=monday.weekday())
    return lambda: client.get(
        f"/planning/{child_id}?semaine={monday}&bascule={key}", headers={"HX-Request": "true"}
    )


_squares: dict[int, Iterator[str]] = {}


@bench("booking click", cpu_ms=15, each_time=True)
def booking_click(town: Town) -> Work:
    """One change of one square, judged by the server and saved."""
    child_id, family_id = town.busy_child()
    client = town.client(town.parent_of(family_id))
    squares = _squares.setdefault(child_id, _free_squares(town, child_id, family_id))
    change = {"semaine": MONDAY.isoformat(), "plus": next(squares)}
    return lambda: client.post(f"/planning/{child_id}/envoyer", data=change)


def _free_squares(town: Town, child_id: int, family_id: int) -> Iterator[str]:
    """Keys of squares that the household may book alone, one after the other."""
    from sqlalchemy import select

    from app.access.database import db
    from app.access.guard import load_account, viewer_of
    from app.access.viewer import Side, acting, unscoped
    from app.models import Account
    from app.services import clock, planning
    from app.services.desk import Draft, load_desk

    with unscoped("mesure"):
        number = db.session.scalars(
            select(Account.id).where(Account.email == town.parent_of(family_id))
        ).one()
    account = load_account(number)
    assert account is not None
    with acting(viewer_of(account, Side.FAMILY, family_id)):
        desk = load_desk(
            child_id, family_id, TODAY + timedelta(days=14), TODAY + timedelta(days=180), clock.now()
        )
        assert desk is not None
        free = [
            slot
            for slot in sorted(desk.offer.calendar.openings, key=lambda slot: (slot.on, slot.unit))
            if slot not in desk.bookings and desk.judge(Draft(frozenset({slot}))).accepted
        ]
    db.session.rollback()
    yield from (planning.key_of(slot) for slot in free)
