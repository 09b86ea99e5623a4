"""The versions of a rule: what becomes of those in force when another one is published.

Two of them never hold on the same day. What is previewed and what is published go by this alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from app.rules.booking import FOR_EVER, DatedRule, Otherwise
from app.rules.trying import Book
from app.rules.words import day_words
from app.services.catalogue import BrokenRule
from app.services.rulebook.compiled import with_rules


class Overlapping(BrokenRule):
    """A version would begin after a later one does."""


@dataclass(frozen=True)
class Version:
    """From a day (included) to a day (excluded, None: no end)."""

    code: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True)
class Succession:
    """What publishing a version does to the others: those that end sooner, with the day; those that go."""

    until_on: date | None
    cut: Mapping[str, date] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()


def succeed(
    versions: Iterable[Version], code: str, from_on: date | None, until_on: date | None
) -> Succession:
    """Publish ``code`` from a day on among the versions of its rule, its own row among them.

    Published from later than its own row, that one stays until the eve; else it is corrected in place. An
    earlier version ends where this one begins, and goes when nothing is left of it. A later one stays, and
    ends this one. Raises Overlapping when this one would begin after a later one.
    """
    since = from_on or FOR_EVER
    several = tuple(versions)
    own = next((one for one in several if one.code == code), None)
    later = [one.from_on for one in several if own is not None and one.from_on > own.from_on]
    if later:
        if since >= min(later):
            told = day_words(min(later))
            raise Overlapping(f"Une version de cette règle vaut à partir du {told} : commencez avant.")
        until_on = min([*later, until_on or date.max])
    cut: dict[str, date] = {}
    gone = set()
    for one in several:
        if one.from_on < since:
            if one.until_on is None or one.until_on > since or one is own:
                cut[one.code] = min(since, one.until_on or since)
        elif one is not own and one.from_on not in later:
            gone.add(one.code)
    return Succession(until_on, cut, frozenset(gone))


def with_rule(book: Book, changed: DatedRule) -> Book:
    """The règlement once this rule takes its place among its versions. Raises Overlapping."""
    own = [one for one in book.rules if one.called == changed.called and not isinstance(one, Otherwise)]
    told = succeed(
        (Version(one.code, one.from_on, one.until_on) for one in own),
        changed.code,
        changed.from_on,
        changed.until_on,
    )
    rules = [one for one in book.rules if one not in own]
    for one in own:
        if one.code in told.cut:
            rules.append(replace(one, until_on=told.cut[one.code]))
        elif one.code not in told.gone and one.code != changed.code:
            rules.append(one)
    return with_rules(book, (*rules, replace(changed, until_on=told.until_on)))


def changes_the_past(versions: Iterable[Version], from_on: date | None, today: date) -> bool:
    """Whether a version published from that day on changes days that are past.

    Without a day it corrects those before it, which matters once one of them was in force.
    """
    if from_on is not None:
        return from_on < today
    return any(one.from_on <= today for one in versions)
