"""The rules in draft taken together: compared with those in force, tried, published at once (G5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import BooleanField

from app.access.viewer import Side
from app.declare import SETTINGS
from app.models import RuleDraft
from app.rules.booking import DatedRule
from app.rules.registry import kinds
from app.screens.builder.fields import Day
from app.screens.page import Page
from app.screens.rule_reading import Reglement, when_in_force
from app.screens.rules import CONFIRM
from app.services import rule_drafts
from app.services.catalogue import BrokenRule
from app.services.worked_examples import Tried


class PublishForm(FlaskForm):
    """From which day."""

    from_on = Day("À partir du", description="Vide : chacune du jour qu’elle porte.")
    past = BooleanField("Oui, elles changent aussi des jours passés")


@dataclass(frozen=True)
class Compared:
    """A draft beside the rule it changes: their sentences, and what can't be read of it."""

    code: str
    title: str
    in_force: str
    when: str
    sentence: str
    rule: DatedRule | None
    touched: int = 0


@dataclass(frozen=True)
class Together:
    """Every draft, and what the examples become once all are published."""

    lines: tuple[Compared, ...]
    tried: tuple[Tried, ...] = ()
    untried: str = ""
    """Why no example is tried, where each of them can be read."""
    is_past: bool = False
    """Whether one of them changes days that are past."""

    @property
    def is_readable(self) -> bool:
        """Whether each of them can be read."""
        return all(one.rule is not None for one in self.lines)

    @property
    def wrong(self) -> int:
        """How many examples are not respected."""
        return sum(not one.is_right for one in self.tried)

    @property
    def blocking(self) -> int:
        """How many of them keep the rules from being published."""
        return sum(one.blocks for one in self.tried)

    @property
    def touched(self) -> int:
        """How many coming bookings stand on their squares, rule by rule."""
        return sum(one.touched for one in self.lines)

    @property
    def is_for_some(self) -> bool:
        """Whether one of them tells children apart."""
        return any(one.rule is not None and one.rule.is_for_some for one in self.lines)


class DraftsPage(Page):
    """Brouillons de règles."""

    route_base = "/service/regles/brouillons"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Each draft beside what it changes; sent, they are published together."""
        form = PublishForm()
        told = Reglement()
        rows = list(told.drafts.values())
        is_sent = request.method == "POST"
        is_valid = form.validate() if is_sent else True
        from_on = form.from_on.data if is_valid else None
        together = _together(told, rows, from_on)
        if not is_sent or not is_valid:
            return self._page(form, told, together), 200 if is_valid else 422
        why = _not_publishable(told, together)
        if not why and not form.past.data and together.is_past:
            form.past.errors = [CONFIRM]
            return self._page(form, told, together), 422
        try:
            if not why:
                rule_drafts.publish_all(rows, from_on)
        except rule_drafts.Overtaken:
            why = CHANGED
            told = Reglement()
            together = _together(told, list(told.drafts.values()), from_on)
        except BrokenRule as error:
            why = f"Rien n’est publié. {error}"
        if why:
            flash(why, "error")
            return self._page(form, told, together), 409
        flash("La règle est publiée." if len(rows) == 1 else f"Les {len(rows)} règles sont publiées.", "done")
        return redirect("/service/regles/")

    def _page(self, form: PublishForm, told: Reglement, together: Together) -> str:
        return self.show("staff/rules_drafts.html", form=form, together=together, mark=_mark(told))


CHANGED = "Une règle ou un brouillon a changé entre-temps : relisez-les, puis publiez."


def _mark(told: Reglement) -> str:
    """What tells these drafts and what they change, as they are, from any others."""
    return " ".join(
        f"{code}:{rule_drafts.mark(told.rules.get(code), one)}" for code, one in sorted(told.drafts.items())
    )


def _not_publishable(told: Reglement, together: Together) -> str:
    """Why they are not published, or nothing."""
    if not told.drafts:
        return "Il n’y a plus de brouillon : ils viennent d’être publiés ou abandonnés."
    if request.form.get("mark") != _mark(told):
        return CHANGED
    if not together.is_readable:
        return "Rien n’est publié : un brouillon ne se lit pas."
    if together.untried:
        return f"Rien n’est publié. {together.untried}"
    if together.blocking:
        return "Rien n’est publié : un exemple n’est pas respecté. Les brouillons sont gardés."
    return ""


def _together(told: Reglement, rows: list[RuleDraft], from_on: date | None) -> Together:
    """Four statements, those of the catalogue apart."""
    bodies = {one.code: rule_drafts.from_day(one.body, from_on) for one in rows}
    lines = tuple(_compared(code, body, told) for code, body in bodies.items())
    rules = [one.rule for one in lines if one.rule is not None]
    if len(rules) < len(lines):
        return Together(lines)
    is_past = any(told.changes_the_past(code, body) for code, body in bodies.items())
    try:
        tried, untried = told.tried("", rules)
    except BrokenRule as error:
        return Together(lines, untried=str(error), is_past=is_past)
    return Together(lines, tried, untried, is_past)


def _compared(code: str, body: Mapping[str, Any], told: Reglement) -> Compared:
    kind = kinds().get(str(body.get("kind")))
    title = kind.title if kind is not None else code
    older = told.rules.get(code)
    in_force, when = (told.said_of(older), when_in_force(older, told.today)) if older else ("", "")
    try:
        rule = rule_drafts.as_rule(code, body, told.rows)
    except BrokenRule as error:
        return Compared(code, title, in_force, when, str(error), None)
    sentence = told.said(rule, body.get("activity_id"))
    return Compared(code, title, in_force, when, sentence, rule, told.touched(rule))
