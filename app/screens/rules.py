"""Rules by form: a sentence written live, the examples beside it, a draft, then publishing (I3, G5)."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, current_viewer
from app.declare import SETTINGS
from app.models import Rule
from app.rules.kinds import by_family
from app.rules.registry import Kind, build, describe, kinds
from app.screens.page import Page
from app.screens.rule_form import RuleForm, form_of
from app.screens.rule_reading import UNTRIED, Reading, Reglement, when_in_force
from app.screens.words import count
from app.services import clock, press, rule_drafts
from app.services.catalogue import BrokenRule, dated
from app.services.codes import CODE_LENGTH, free_code
from app.services.rulebook.printed import printed_now

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
CODE = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{CODE_LENGTH - 1}}}")
NOT_PUBLISHED = (
    "La règle n’est pas publiée : un exemple n’est pas respecté. Le brouillon est gardé. "
    "S’il lui faut une autre règle, écrivez-la aussi en brouillon : ils se publient ensemble."
)
CONFIRM = (
    "Cette règle change aussi des jours passés. Cochez pour le confirmer, ou donnez dans "
    "« À partir du » un jour à venir."
)
MEANWHILE = (
    "Cette règle a changé entre-temps, dans une autre fenêtre ou par quelqu’un d’autre. Relisez : "
    "enregistrer à nouveau remplace ce qui y a été écrit."
)
KEPT = "Ce brouillon a changé entre-temps : il est gardé. Relisez-le avant de l’abandonner."
DROPPED = "Ce brouillon a été abandonné entre-temps. Enregistrez à nouveau pour le reprendre."


@dataclass(frozen=True)
class Line:
    """A rule in the list: its sentence, whether it can be read, whether a draft changes it."""

    code: str
    sentence: str
    is_broken: bool = False
    is_draft: bool = False
    is_over: bool = False


class RulesPage(Page):
    """Règles."""

    route_base = "/service/regles"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Every rule as a parent reads it, by activity, with the examples that are not respected."""
        told = Reglement()
        groups: dict[str, list[Line]] = defaultdict(list)
        for row in sorted(told.rows[Rule], key=_place):
            where = row.activity.name if row.activity else "Toutes les activités"
            groups[where].append(_line(row, told))
        new = [
            Line(code, told.said_of_draft(code, one.body), is_draft=True)
            for code, one in told.drafts.items()
            if code not in told.rules
        ]
        tried, untried = told.all_tried()
        drafts = len(told.drafts)
        return self.show(
            "staff/rules.html", groups=groups, new=new, tried=tried, untried=untried, drafts=drafts
        )

    @expose("/reglement.pdf")
    def printed(self) -> ResponseReturnValue:
        """The règlement in force, as a parent reads it; nothing of it while a rule can't be read."""
        today = clock.today()
        try:
            book = printed_now(today)
        except BrokenRule as error:
            flash(f"Le règlement ne s’imprime pas, une règle est illisible. {error}", "error")
            return redirect(self.url())
        content = press.pdf("pdf/reglement.html", "css/reglement.css", book=book, today=today)
        return Response(content, mimetype="application/pdf")

    @expose("/nouvelle/")
    def choose(self) -> ResponseReturnValue:
        """The kinds of rule, each with an example of what it says."""
        families = {name: [(one, _example(one)) for one in several] for name, several in by_family().items()}
        return self.show("staff/rules_kinds.html", families=families)

    @expose("/nouvelle/<kind>", methods=("GET", "POST"))
    def new(self, kind: str) -> ResponseReturnValue:
        """A rule of that kind, from nothing. Its code is fixed with its form: sent twice, it is one rule."""
        found = kinds().get(kind)
        if found is None:
            abort(404)
        told = Reglement()
        sent = request.form.get("code", "")
        code = sent if CODE.fullmatch(sent) else _free_code(found, told)
        return self._edited(told, found, code, None, is_new=True)

    @expose("/<code>", methods=("GET", "POST"))
    def edit(self, code: str) -> ResponseReturnValue:
        """A rule, or its draft where there is one."""
        told = Reglement()
        row, draft = told.rules.get(code), told.drafts.get(code)
        if draft is not None:
            body = draft.body
        elif row is not None:
            body = rule_drafts.body_of(row)
        else:  # let go in another tab: what was typed here is not lost with it
            sent = kinds().get(request.form.get("kind", ""))
            if sent is None or CODE.fullmatch(code) is None:
                abort(404)
            return self._edited(told, sent, code, None)
        found = kinds().get(str(body.get("kind")))
        if found is None:
            mark = rule_drafts.mark(row, draft)
            shown = self.show(
                "staff/rules_unknown.html", code=code, body=body, row=row, draft=draft, mark=mark
            )
            return shown, 200 if request.method == "GET" else 422
        return self._edited(told, found, code, body)

    @expose("/<code>/abandonner", methods=("POST",))
    def forget(self, code: str) -> ResponseReturnValue:
        """Let a draft go: the one that was looked at."""
        told = Reglement()
        row, draft = told.rules.get(code), told.drafts.get(code)
        if row is None and draft is None:
            abort(404)
        now = rule_drafts.mark(row, draft)
        if draft is None:
            flash("Il n’y a plus de brouillon de cette règle.", "error")
        elif request.form.get("mark", now) != now:
            flash(KEPT, "error")
            return redirect(self.url("edit", code=code))
        else:
            rule_drafts.forget(draft)
            flash("Le brouillon est abandonné. La règle en vigueur ne change pas.", "done")
        return redirect(self.url())

    @expose("/lire/<kind>", methods=("POST",))
    def say(self, kind: str) -> ResponseReturnValue:
        """The sentence and the examples of what is being written: a piece of the page."""
        found = kinds().get(kind)
        if found is None:
            abort(404)
        told = Reglement()
        form = form_of(found, told.offered)
        body = form.body(kind)
        code = request.args.get("code", "") or "nouvelle"
        reading = told.read(code, body)[0] if form.validate() else Reading()
        return self.show("staff/rules_reading.html", reading=reading, form=form)

    def _edited(
        self,
        told: Reglement,
        kind: Kind,
        code: str,
        body: Mapping[str, Any] | None,
        is_new: bool = False,
    ) -> ResponseReturnValue:
        form = form_of(kind, told.offered, body)
        now = rule_drafts.mark(told.rules.get(code), told.drafts.get(code))
        shown = Shown(told, kind, code, form, now, is_new)
        if request.method == "GET":
            reading, errors = told.read(code, body) if body else (Reading(), ())
            form.take(errors)
            return self._page(shown, reading)
        seen = request.form.get("mark", now)
        body = form.body(kind.code)
        is_valid = form.validate()
        reading, errors = told.read(code, body)
        form.take(errors)
        if errors or not is_valid:
            return self._page(shown, reading, seen), 422
        if is_new:
            if (address := _sent_before(told, code, body, reading)) is not None:
                return redirect(address)
            if code in told.rules or (code in told.drafts and told.drafts[code].body != body):
                code = _free_code(kind, told)  # that one is somebody else's, of the same kind
                reading, _ = told.read(code, body)
        elif seen != now:
            return self._meanwhile(shown, reading)
        is_published = "publish" in request.form
        if is_published and not form.past.data and told.changes_the_past(code, body):
            form.past.errors = [CONFIRM]
            return self._page(shown, reading, seen), 422
        try:
            return self._written(told, code, body, reading) if is_published else self._kept(code, body)
        except (rule_drafts.Overtaken, BrokenRule):
            return self._meanwhile(shown, reading)

    def _kept(self, code: str, body: Mapping[str, Any], told: str = "") -> ResponseReturnValue:
        """Keep a draft: all that was asked, or ``told`` why it is not published."""
        viewer = current_viewer()
        rule_drafts.save(code, body, viewer.name if viewer else "", clock.now())
        kept = "Le brouillon est enregistré. Rien ne change pour les familles."
        flash(told or kept, "error" if told else "done")
        return redirect(self.url("edit", code=code))

    def _written(
        self, told: Reglement, code: str, body: Mapping[str, Any], reading: Reading
    ) -> ResponseReturnValue:
        """Publish a rule that its examples let pass."""
        row = told.rules.get(code)
        mends = row is not None and not rule_drafts.is_readable(row)
        if reading.blocking:
            return self._kept(code, body, NOT_PUBLISHED)
        if reading.untried and not mends:
            return self._kept(code, body, f"La règle n’est pas publiée, le brouillon est gardé. {UNTRIED}")
        said = rule_drafts.publish(code, body)
        if reading.wrong:
            said += f" {count(reading.wrong, 'exemple reste faux', 'exemples restent faux')}, sans elle déjà."
        flash(said, "done")
        return redirect(self.url())

    def _meanwhile(self, shown: "Shown", reading: Reading) -> ResponseReturnValue:
        """Somebody wrote the same rule in between: nothing is written, nothing that was typed is lost."""
        told = Reglement()
        row, draft = told.rules.get(shown.code), told.drafts.get(shown.code)
        shown.form.form_errors.append(MEANWHILE if row or draft else DROPPED)
        meanwhile = told.said_of_draft(shown.code, draft.body) if draft else ""
        shown = replace(shown, told=told)
        return self._page(shown, reading, rule_drafts.mark(row, draft), meanwhile), 409

    def _page(self, shown: "Shown", reading: Reading, mark: str | None = None, meanwhile: str = "") -> str:
        told, code = shown.told, shown.code
        row, draft = told.rules.get(code), told.drafts.get(code)
        return self.show(
            "staff/rules_edit.html",
            kind=shown.kind,
            code="" if shown.is_new else code,
            fixed=code,
            form=shown.form,
            reading=reading,
            mark=shown.mark if mark is None else mark,
            meanwhile=meanwhile,
            is_draft=draft is not None and not shown.is_new,
            when=when_in_force(row, told.today) if row else "",
            in_force=told.said_of(row) if row and (draft or meanwhile) else "",
            rule_id=row.id if row and not shown.is_new else None,
        )


@dataclass(frozen=True)
class Shown:
    """What a page of a rule is about."""

    told: Reglement
    kind: Kind
    code: str
    form: RuleForm
    mark: str
    is_new: bool


def _place(row: Rule) -> tuple[Any, ...]:
    """In the order of the activities; those of all of them come first."""
    return (row.activity.position, row.activity.name, row.id) if row.activity else (-1, "", row.id)


def _line(row: Rule, told: Reglement) -> Line:
    is_over = row.until_on is not None and row.until_on <= told.today
    is_broken = not rule_drafts.is_readable(row)
    return Line(row.code, told.said_of(row), is_broken, row.code in told.drafts, is_over)


def _free_code(kind: Kind, told: Reglement) -> str:
    """A code that no rule nor draft has."""
    return free_code(kind.title, {*told.rules, *told.drafts, *(one.called for one in told.rows[Rule])})


def _sent_before(told: Reglement, code: str, body: Mapping[str, Any], reading: Reading) -> str | None:
    """Where to go when the form of a new rule is sent again, as it was."""
    row, draft = told.rules.get(code), told.drafts.get(code)
    if row is not None and rule_drafts.is_readable(row) and dated(row) == reading.rule:
        flash("La règle est publiée.", "done")
        return RulesPage.url()
    if draft is not None and draft.body == body and "publish" not in request.form:
        flash("Le brouillon est enregistré. Rien ne change pour les familles.", "done")
        return RulesPage.url("edit", code=code)
    return None


def _example(kind: Kind) -> str:
    built = build(kind.code, kind.example)
    return describe(built.rule, CALLED) if built.rule is not None else ""
