"""Rules by form: a sentence written live, the examples beside it, a draft, then publishing (I3, G5)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Side, current_viewer
from app.declare import SETTINGS
from app.models import Activity, Rule
from app.rules.booking import DatedRule, describe_dated
from app.rules.kinds import by_family
from app.rules.registry import Kind, build, describe, kinds
from app.rules.words import french
from app.screens.page import Page
from app.screens.rule_form import RuleForm, form_of, offered
from app.services import clock, press, rule_drafts, worked_examples
from app.services.catalogue import BrokenRule, dated
from app.services.rulebook.compiled import Rows, book_now, rows_now, vocabulary_now
from app.services.rulebook.printed import names_of, printed_now
from app.services.worked_examples import Tried

CALLED = {
    "mercredi.matin": "le matin",
    "mercredi.repas": "le repas",
    "mercredi.apres-midi": "l’après-midi au centre de loisirs",
    "jeunes.apres-midi": "l’après-midi à l’accueil jeunes",
    "alsh.matin": "le matin seul",
    "alsh.repas": "le repas",
    "assurance": "l’attestation d’assurance",
}
"""What the examples of the kinds name."""
NOT_PUBLISHED = (
    "La règle n’est pas publiée : un exemple n’est pas respecté. Le brouillon est gardé. "
    "S’il lui faut une autre règle, écrivez-la aussi en brouillon : ils se publient ensemble."
)


@dataclass(frozen=True)
class Line:
    """A rule in the list: its sentence, whether it can be read, whether a draft changes it."""

    code: str
    sentence: str
    is_broken: bool = False
    is_draft: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class Reading:
    """A rule as the form says it: its sentence, or what is wrong; what the examples become."""

    rule: DatedRule | None
    sentence: str = ""
    tried: tuple[Tried, ...] = ()
    touched: int = 0

    @property
    def wrong(self) -> int:
        """How many examples are not respected."""
        return sum(not one.is_right for one in self.tried)


class RulesPage(Page):
    """Règles."""

    route_base = "/service/regles"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every rule as a parent reads it, by activity, with the examples that are not respected."""
        told = rows_now()
        drafts = rule_drafts.drafts()
        groups: dict[str, list[Line]] = defaultdict(list)
        for row in _rows():
            where = row.activity.name if row.activity else "Toutes les activités"
            groups[where].append(_line(row, told, row.code in drafts))
        lines = {one.code: one for several in groups.values() for one in several}
        new = [
            Line(code, _told(code, one.body, told), is_draft=True)
            for code, one in drafts.items()
            if code not in lines
        ]
        is_broken = any(one.is_broken for one in lines.values())
        tried = [] if is_broken else worked_examples.try_all(book_now())
        return self.show("staff/rules.html", groups=groups, new=new, tried=tried, drafts=len(drafts))

    @expose("/reglement.pdf")
    def printed(self) -> ResponseReturnValue:
        """The règlement in force, as a parent reads it."""
        today = clock.today()
        content = press.pdf("pdf/reglement.html", "css/reglement.css", book=printed_now(today), today=today)
        return Response(content, mimetype="application/pdf")

    @expose("/sortes")
    def choose(self) -> ResponseReturnValue:
        """The kinds of rule, each with an example of what it says."""
        families = {name: [(one, _example(one)) for one in several] for name, several in by_family().items()}
        return self.show("staff/rules_kinds.html", families=families)

    @expose("/nouvelle/<kind>", methods=("GET", "POST"))
    def new(self, kind: str) -> ResponseReturnValue:
        """A rule of that kind, from nothing."""
        found = kinds().get(kind)
        if found is None:
            abort(404)
        return self._edited(found, "", None)

    @expose("/<code>", methods=("GET", "POST"))
    def edit(self, code: str) -> ResponseReturnValue:
        """A rule, or its draft where there is one."""
        row, draft = rule_drafts.find(code)
        if row is None and draft is None:
            abort(404)
        body = draft.body if draft is not None else rule_drafts.body_of(row)  # type: ignore[arg-type]
        found = kinds().get(body.get("kind", ""))
        if found is None:
            abort(404)
        return self._edited(found, code, body)

    @expose("/<code>/abandonner", methods=("POST",))
    def forget(self, code: str) -> ResponseReturnValue:
        """Let a draft go."""
        rule_drafts.forget(code)
        flash("Le brouillon est abandonné. La règle en vigueur ne change pas.", "done")
        return redirect(self.url())

    @expose("/lire/<kind>", methods=("POST",))
    def say(self, kind: str) -> ResponseReturnValue:
        """The sentence and the examples of what is being written: a piece of the page."""
        found = kinds().get(kind)
        if found is None:
            abort(404)
        form = form_of(found, offered())
        body = form.body(kind)
        reading, _ = self._read(request.args.get("code", "") or "nouvelle", body)
        return self.show("staff/rules_reading.html", reading=reading, form=form)

    def _edited(self, kind: Kind, code: str, body: Mapping[str, Any] | None) -> ResponseReturnValue:
        form = form_of(kind, offered(), body)
        if request.method == "GET":
            reading, _ = self._read(code or "nouvelle", body) if body else (Reading(None), ())
            return self._page(kind, code, form, reading)
        body = form.body(kind.code)
        is_valid = form.validate()
        reading, errors = self._read(code or "nouvelle", body)
        form.take(errors)
        if errors or not is_valid:
            return self._page(kind, code, form, reading), 422
        code = code or rule_drafts.new_code(kind.title)
        viewer = current_viewer()
        if "publish" not in request.form:
            rule_drafts.save(code, body, viewer.name if viewer else "", clock.now())
            flash("Le brouillon est enregistré. Rien ne change pour les familles.", "done")
            return redirect(self.url("edit", code=code))
        if reading.wrong:
            rule_drafts.save(code, body, viewer.name if viewer else "", clock.now())
            flash(NOT_PUBLISHED, "error")
            return redirect(self.url("edit", code=code))
        flash(rule_drafts.publish(code, body), "done")
        return redirect(self.url())

    def _page(self, kind: Kind, code: str, form: RuleForm, reading: Reading) -> str:
        row, draft = rule_drafts.find(code) if code else (None, None)
        return self.show(
            "staff/rules_edit.html",
            kind=kind,
            code=code,
            form=form,
            reading=reading,
            is_draft=draft is not None,
            in_force=said_of(row, rows_now()) if row and draft else "",
            rule_id=row.id if row else None,
        )

    def _read(self, code: str, body: Mapping[str, Any]) -> tuple[Reading, tuple[tuple[str, str], ...]]:
        """What is written, read: the rule and its examples, or every error with its field."""
        built = build(body["kind"], body["parameters"], vocabulary_now())
        if built.rule is None:
            return Reading(None), tuple((one.name, one.message) for one in built.errors)
        try:
            rule = rule_drafts.as_rule(code, body)
        except BrokenRule as error:
            return Reading(None), (("", str(error)),)
        sentence = said(rule, rows_now(), body.get("activity_id"))
        tried = worked_examples.try_all(rule_drafts.with_rule(book_now(), rule), rule.code)
        return Reading(rule, sentence, tuple(tried), rule_drafts.touched(rule, clock.today())), ()


def _rows() -> Sequence[Rule]:
    return db.session.scalars(
        select(Rule)
        .outerjoin(Rule.activity)
        .options(joinedload(Rule.activity), joinedload(Rule.article))
        .order_by(Activity.position, Activity.name, Rule.id)
    ).all()


def _line(row: Rule, told: Rows, is_draft: bool) -> Line:
    is_over = row.until_on is not None and row.until_on <= clock.today()
    try:
        return Line(row.code, said(dated(row), told, row.activity_id), False, is_draft, is_over)
    except BrokenRule as error:
        return Line(row.code, str(error), True, is_draft, is_over)


def said_of(row: Rule, told: Rows) -> str:
    """A rule in force as families read it; what is wrong when it can't be read."""
    try:
        return said(dated(row), told, row.activity_id)
    except BrokenRule as error:
        return str(error)


def said(rule: DatedRule, told: Rows, activity_id: int | None) -> str:
    """A rule as families read it."""
    activity = next((one for one in told[Activity] if one.id == activity_id), None)
    return french(describe_dated(rule, names_of(told, activity)))


def _told(code: str, body: Mapping[str, Any], told: Rows) -> str:
    try:
        return said(rule_drafts.as_rule(code, body), told, body.get("activity_id"))
    except BrokenRule as error:
        return str(error)


def _example(kind: Kind) -> str:
    built = build(kind.code, kind.example)
    return describe(built.rule, CALLED) if built.rule is not None else ""
