"""A child's health page (F10): doctor, allergies, illnesses, vaccinations; one form, one sending."""

from datetime import date, datetime
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import Optional

from app.access.viewer import Side
from app.declare import FAMILY, Problem, not_in_future
from app.models import HealthRecord
from app.rules.calendar import local_day
from app.rules.words import NBSP, french, of
from app.screens import numbers
from app.screens.builder.fields import Day, Picking
from app.screens.child_file import Child, child_in_view
from app.screens.declared_form import declared_form, initial, is_outdated, refresh, sections, values
from app.screens.family_file import OUTDATED, attributes_of, sent_to, viewer
from app.screens.page import Page
from app.screens.question_fields import answers, fields_of, question_fields, question_values
from app.screens.words import clock as clock_words
from app.services import clock, health
from app.services.freezes import HEALTH, Window
from app.services.health import Chart, Given
from app.services.questions import Asked

BOOSTER_FIRST = "Le rappel vient après le vaccin : corrigez l’une des deux dates."


class HealthForm(FlaskForm):
    """The words that turn blue, and the line under « Ajouter un vaccin »."""

    words = SelectMultipleField("Maladies et allergies", coerce=int, validate_choice=False)
    vaccination = HiddenField()
    vaccine = Picking("Vaccin", validators=[Optional()])
    given_on = Day("Fait le", validators=[Optional()])
    booster_on = Day("Rappel le", validators=[Optional()], description="Vide : pas de rappel prévu.")

    def validate(self, extra_validators: Any = None) -> bool:
        """A vaccination is whole or absent, and its booster comes after it."""
        holds = bool(super().validate(extra_validators))
        if not self.wants_vaccination or self.given_on.errors or self.booster_on.errors:
            return holds
        if self.vaccine.value() is None:
            return self._refuse(self.vaccine, "Choisissez le vaccin.")
        given: date | None = self.given_on.data
        if given is None:
            return self._refuse(self.given_on, "Indiquez le jour du vaccin.")
        try:
            not_in_future(given, clock.today())
        except Problem as problem:
            return self._refuse(self.given_on, str(problem))
        if self.booster_on.data and self.booster_on.data <= given:
            return self._refuse(self.booster_on, BOOSTER_FIRST)
        return holds

    @property
    def wants_vaccination(self) -> bool:
        """Whether the vaccine line was touched."""
        typed = [one.raw_data[0] for one in (self.given_on, self.booster_on) if one.raw_data]
        return bool(self.vaccine.data) or any(typed)

    def _refuse(self, field: Any, sentence: str) -> bool:
        field.errors = [*field.errors, french(sentence)]
        return False

    def given(self) -> Given | None:
        """The vaccination typed, when there is one."""
        vaccine_id = self.vaccine.value()
        if vaccine_id is None or self.given_on.data is None:
            return None
        row_id = numbers.row_id(str(self.vaccination.data or ""))
        return Given(vaccine_id, self.given_on.data, self.booster_on.data, row_id)


class ChildHealthPage(Page):
    """La santé d’un enfant."""

    route_base = "/ma-famille/enfant"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/<int:child_id>/sante", methods=("GET", "POST"))
    def index(self, child_id: int) -> ResponseReturnValue:
        """Read or save. Eleven statements to read, whatever the child had."""
        now = clock.now()
        child = child_in_view(child_id, now)
        window = child.known.window(HEALTH, child_id)
        chart = health.chart(child_id, child.person.born_on, local_day(now))
        asked = child.known.asked(HEALTH, child_id, window.year)
        form = _form(child, chart, asked, window)
        if window.open and form.validate_on_submit():
            if child.health is not None and is_outdated(form, child.health):
                form.form_errors.append(OUTDATED)
                refresh(form, child.health)
            else:
                given = answers(form, asked)
                if given is not None:
                    return self._save(child, form, given, now)
        chosen = {int(one) for one in form.words.data or ()}
        return self.show(
            "family/health.html",
            child=child.person,
            form=form,
            parts=sections(form, _attributes()),
            chart=chart,
            chosen=chosen,
            asked=fields_of(form, asked),
            record=child.health,
            window=window,
            today=clock.today(),
        ), (422 if form.errors else 200)

    def _save(
        self, child: Child, form: HealthForm, answered: dict[int, Any], now: datetime
    ) -> ResponseReturnValue:
        told = request.form.get("supprimer", "")
        outcome = health.save(
            child.person,
            child.health,
            child.known,
            values(form, _attributes()),
            form.words.data or (),
            viewer(),
            given=form.given(),
            drop_id=numbers.row_id(told),
            answers=answered,
        )
        for one in outcome.refused:
            flash(one.sentence, "error")
        if not outcome.refused:
            flash(f"Enregistré à {clock_words(now)}{NBSP}: la santé {of(child.person.first_name)}.", "done")
        if told or "ajouter" in request.form:
            return redirect(self.url(child_id=child.person.id, _anchor="vaccins"))
        return redirect(child.home)


def _attributes() -> list[Any]:
    """What the record holds, the day it was read left out: saving writes it."""
    return [one for one in attributes_of(HealthRecord) if one.name not in ("child", "confirmed_on")]


def _form(child: Child, chart: Chart, asked: list[Asked], window: Window) -> HealthForm:
    """The form of the page, started from the record; ``?vaccin=`` fills the line with one to correct."""
    attributes = _attributes()
    start: dict[str, Any] = initial(child.health, attributes) if child.health else {}
    start |= question_values(asked) | {"words": sorted(chart.had)}
    told = request.args.get("vaccin", "") if request.method == "GET" else ""
    row = next((one for one in chart.vaccinations if str(one.id) == told), None)
    if row is not None:
        start |= {
            "vaccination": str(row.id),
            "vaccine": row.vaccine_id,
            "given_on": row.given_on,
            "booster_on": row.booster_on,
        }
    made = declared_form(HealthRecord, attributes, extra=question_fields(asked), base=HealthForm)
    form: HealthForm = made(data=start, **sent_to(window))
    obliged = {one.id for one in chart.standing.obliged}
    form.vaccine.offer(
        {one.id: f"{one.name} (obligatoire)" if one.id in obliged else one.name for one in chart.vaccines}
    )
    return form
