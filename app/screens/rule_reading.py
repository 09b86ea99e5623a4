"""The règlement as a page of rules reads it: the town's rows once a request, the rest derived from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from app.models import Activity, Rule, RuleDraft
from app.rules.booking import DatedRule, describe_dated
from app.rules.calendar import ONE_DAY
from app.rules.parameters import Known
from app.rules.registry import build, out_of_its_reach
from app.rules.trying import Book
from app.rules.words import day_words, french
from app.screens.rule_form import Offered, offered
from app.services import clock, rule_drafts, rule_versions, worked_examples
from app.services.catalogue import BrokenRule, dated
from app.services.rule_versions import Overlapping
from app.services.rulebook.compiled import OF_RULES, Rows, book_now, rows_now, vocabulary_of
from app.services.rulebook.printed import names_of
from app.services.worked_examples import Trial, Tried

UNTRIED = "Les exemples ne sont pas essayés : une règle est illisible. Réparez-la, ou supprimez-la."


def when_in_force(row: Rule, today: date) -> str:
    """Since when a rule holds, or until when it did."""
    if row.from_on is not None and row.from_on > today:
        return f"En vigueur à partir du {day_words(row.from_on)}"
    if row.until_on is not None and row.until_on <= today:
        return f"En vigueur jusqu’au {day_words(row.until_on - ONE_DAY)}"
    return "En vigueur aujourd’hui"


@dataclass(frozen=True)
class Reading:
    """A rule as the form says it: its sentence, or what is wrong; what the examples become."""

    rule: DatedRule | None = None
    sentence: str = ""
    tried: tuple[Tried, ...] = ()
    touched: int = 0
    untried: str = ""
    """Why no example is tried."""

    @property
    def wrong(self) -> int:
        """How many examples are not respected."""
        return sum(not one.is_right for one in self.tried)

    @property
    def blocking(self) -> int:
        """How many of them keep the rule from being published."""
        return sum(one.blocks for one in self.tried)


class Reglement:
    """The town's règlement during one request. Nine statements; ten for a book, one for the drafts."""

    def __init__(self) -> None:
        self.rows: Rows = rows_now(OF_RULES)
        self.today = clock.today()

    @cached_property
    def drafts(self) -> dict[str, RuleDraft]:
        """The drafts by the code of their rule."""
        return rule_drafts.drafts()

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rules by their codes."""
        return {one.code: one for one in self.rows[Rule]}

    @cached_property
    def offered(self) -> Offered:
        """What a rule may name."""
        return offered(self.rows)

    @cached_property
    def known(self) -> Known:
        """The codes that exist."""
        return vocabulary_of(self.rows)

    @cached_property
    def _held(self) -> list[Any]:
        return rule_drafts.coming(self.today)

    def touched(self, rule: DatedRule) -> int:
        """How many coming bookings stand on the squares of a rule."""
        return rule_drafts.touched(rule, self._held)

    def book(self, but: str = "") -> Book | None:
        """The règlement in force; None where a rule other than this one can't be read."""
        try:
            return book_now(self.rows, but)
        except BrokenRule:
            return None

    def all_tried(self) -> tuple[list[Tried], str]:
        """Every example on the règlement in force, or why none is tried."""
        book = self.book()
        if book is None:
            return worked_examples.untried(), UNTRIED
        return Trial(book, self.known).all(), ""

    def said(self, rule: DatedRule, activity_id: int | None) -> str:
        """A rule as families read it."""
        activity = next((one for one in self.rows[Activity] if one.id == activity_id), None)
        return french(describe_dated(rule, names_of(self.rows, activity)))

    def said_of(self, row: Rule) -> str:
        """A rule in force as families read it; what is wrong when it can't be read."""
        try:
            return self.said(dated(row), row.activity_id)
        except BrokenRule as error:
            return str(error)

    def said_of_draft(self, code: str, body: Mapping[str, Any]) -> str:
        """The same of a draft."""
        try:
            return self.said(rule_drafts.as_rule(code, body, self.rows), body.get("activity_id"))
        except BrokenRule as error:
            return str(error)

    def read(self, code: str, body: Mapping[str, Any]) -> tuple[Reading, tuple[tuple[str, str], ...]]:
        """What is written, read: the rule and its examples, or every error with its field."""
        built = build(body["kind"], body["parameters"], self.known)
        if built.rule is None:
            return Reading(), tuple((one.name, one.message) for one in built.errors)
        unread = out_of_its_reach(type(built.rule), body.get("units"), body.get("weekdays"))
        if unread:
            return Reading(), tuple((one.name, one.message) for one in unread)
        try:
            rule = rule_drafts.as_rule(code, body, self.rows)
            sentence = self.said(rule, body.get("activity_id"))
            tried, untried = self.tried(code, [rule])
        except BrokenRule as error:
            return Reading(), (("from_on" if isinstance(error, Overlapping) else "", str(error)),)
        return Reading(rule, sentence, tried, self.touched(rule), untried), ()

    def tried(self, but: str, rules: Iterable[DatedRule]) -> tuple[tuple[Tried, ...], str]:
        """The examples once these rules are published, or why none is tried. Raises BrokenRule."""
        before = self.book(but)
        if before is None:
            return (), UNTRIED
        after, about = before, set()
        for rule in rules:
            after = rule_versions.with_rule(after, rule)
            about.add(rule.called)
        return tuple(Trial(after, self.known, before, frozenset(about)).all()), ""

    def changes_the_past(self, code: str, body: Mapping[str, Any]) -> bool:
        """Whether publishing it changes days that are past."""
        versions = rule_drafts.versions_of(code, self.rows[Rule])
        return rule_versions.changes_the_past(versions, rule_drafts.first_day(body), self.today)
