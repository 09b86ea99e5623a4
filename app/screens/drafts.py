"""The rules in draft taken together: compared with those in force, tried, published at once (G5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm

from app.access.viewer import Side
from app.declare import SETTINGS
from app.models import Rule, RuleDraft
from app.rules.booking import DatedRule
from app.rules.registry import kinds
from app.screens.builder.fields import Day
from app.screens.page import Page
from app.screens.rules import said, said_of
from app.services import clock, rule_drafts, worked_examples
from app.services.catalogue import BrokenRule
from app.services.rulebook.compiled import Rows, book_now, rows_now
from app.services.worked_examples import Tried


class PublishForm(FlaskForm):
    """From which day."""

    from_on = Day("À partir du", description="Vide : chacune du jour qu’elle porte.")


@dataclass(frozen=True)
class Compared:
    """A draft beside the rule it changes: their sentences, and what can't be read of it."""

    code: str
    title: str
    in_force: str
    sentence: str
    rule: DatedRule | None
    touched: int = 0


@dataclass(frozen=True)
class Together:
    """Every draft, and what the examples become once all are published."""

    lines: tuple[Compared, ...]
    tried: tuple[Tried, ...]

    @property
    def is_readable(self) -> bool:
        """Whether each of them can be read."""
        return all(one.rule is not None for one in self.lines)

    @property
    def wrong(self) -> int:
        """How many examples are not respected."""
        return sum(not one.is_right for one in self.tried)

    @property
    def touched(self) -> int:
        """How many coming bookings they will govern, rule by rule."""
        return sum(one.touched for one in self.lines)


class DraftsPage(Page):
    """Brouillons de règles."""

    route_base = "/service/regles/brouillons"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Each draft beside what it changes; sent, they are published together."""
        form = PublishForm()
        rows = list(rule_drafts.drafts().values())
        is_sent = request.method == "POST"
        is_valid = form.validate() if is_sent else True
        together = _together(rows, form.from_on.data if is_valid else None)
        if not is_sent or not is_valid:
            return self._page(form, rows, together), 200 if is_valid else 422
        told = _not_publishable(rows, together)
        if told:
            flash(told, "error")
            return self._page(form, rows, together), 409
        rule_drafts.publish_all(rows, form.from_on.data)
        flash("La règle est publiée." if len(rows) == 1 else f"Les {len(rows)} règles sont publiées.", "done")
        return redirect("/service/regles/")

    def _page(self, form: PublishForm, rows: list[RuleDraft], together: Together) -> str:
        return self.show(
            "staff/rules_drafts.html", form=form, together=together, mark=rule_drafts.mark_of(rows)
        )


def _not_publishable(rows: list[RuleDraft], together: Together) -> str:
    """Why they are not published, or nothing."""
    if not rows:
        return "Il n’y a plus de brouillon : ils viennent d’être publiés ou abandonnés."
    if request.form.get("mark") != rule_drafts.mark_of(rows):
        return "Un brouillon a changé entre-temps : relisez-les, puis publiez."
    if not together.is_readable:
        return "Rien n’est publié : un brouillon ne se lit pas."
    if together.wrong:
        return "Rien n’est publié : un exemple n’est pas respecté. Les brouillons sont gardés."
    return ""


def _together(rows: list[RuleDraft], from_on: date | None) -> Together:
    """Thirty statements at most, whatever their number but for two a draft."""
    told = rows_now()
    in_force = {one.code: one for one in told[Rule]}
    lines = []
    book = book_now()
    for one in rows:
        body = rule_drafts.from_day(one.body, from_on)
        older = in_force.get(one.code)
        line = _compared(one.code, body, said_of(older, told) if older else "", told)
        lines.append(line)
        if line.rule is not None:
            book = rule_drafts.with_rule(book, line.rule)
    is_readable = all(one.rule is not None for one in lines)
    return Together(tuple(lines), tuple(worked_examples.try_all(book)) if is_readable else ())


def _compared(code: str, body: Mapping[str, Any], in_force: str, told: Rows) -> Compared:
    kind = kinds().get(str(body.get("kind")))
    title = kind.title if kind is not None else code
    try:
        rule = rule_drafts.as_rule(code, body)
    except BrokenRule as error:
        return Compared(code, title, in_force, str(error), None)
    sentence = said(rule, told, body.get("activity_id"))
    return Compared(code, title, in_force, sentence, rule, rule_drafts.touched(rule, clock.today()))
