"""The rules: verdicts for a family's month, and the reading of a whole rulebook."""

from datetime import date, datetime
from functools import cache
from pathlib import Path

from app.rules.booking import judge
from app.rules.calendar import PARIS
from app.rules.facts import Child, ChildPlan, Plan, Slot
from app.rules.trying import FOR_EVER, Book
from app.services.rulebook import check_text
from app.services.rulebook.compiled import book_of
from bench.registry import Work, bench
from bench.town import Town

TOUVET = Path("communes/le-touvet.yaml")
TODAY = date(2026, 9, 1)
MONTH = (date(2026, 9, 1), date(2026, 9, 30))
NOW = datetime(2026, 9, 3, 9, tzinfo=PARIS)


@cache
def _text() -> str:
    return TOUVET.read_text(encoding="utf-8")


@cache
def _book() -> Book:
    return book_of(check_text(_text(), TODAY).draft)


@bench("verdicts, a month of three children", cpu_ms=5)
def month_of_three(town: Town) -> Work:
    """Three children, every open square of September at the canteen, after school and on Wednesdays."""
    book = _book()
    first, last = MONTH
    squares = frozenset(
        slot
        for slot in book.calendar.openings
        if first <= slot.on <= last and slot.activity in ("cantine", "periscolaire", "mercredi")
    )
    children = tuple(_plan(rank, squares) for rank in range(1, 4))
    plan = Plan(children, NOW, book.calendar, book.places, names=book.names, minutes=book.minutes)
    return lambda: judge(plan, book.rules)


def _plan(rank: int, squares: frozenset[Slot]) -> ChildPlan:
    child = Child(rank, f"Enfant {rank}", date(2018, rank, 4))
    activities = {slot.activity for slot in squares}
    return ChildPlan.change(child, (), squares, (), dict.fromkeys(activities, FOR_EVER))


@bench("rulebook check, the largest file", cpu_ms=1000)
def check_largest(town: Town) -> Work:
    """Le Touvet's file: read, checked, its examples tried."""
    text = _text()
    return lambda: check_text(text, TODAY)
