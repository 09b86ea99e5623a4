"""The town’s settings by form: every one, with the value in force, whether somebody wrote it or not."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import Length

from app.access.viewer import Side
from app.declare import SETTINGS
from app.screens.builder.fields import Euros, Number, one_line
from app.screens.page import Page
from app.services import settings
from app.services.settings import Town

PARTS = {
    "La ville et le service": (
        "town_name",
        "service_name",
        "service_email",
        "service_phone",
        "service_contact",
    ),
    "Factures": (
        "creditor",
        "payment_url",
        "billing_day",
        "due_day",
        "billing_threshold_cents",
        "billing_starts",
    ),
    "Comptes et conservation": ("link_hours", "reset_hours", "retention_months"),
}
LONGEST = 400


class SettingsForm(FlaskForm):
    """Every setting; ``form_of`` makes its class."""

    def parts(self) -> dict[str, list[Field]]:
        """The fields by the part of the page."""
        return {title: [self[name] for name in names] for title, names in PARTS.items()}

    def values(self) -> dict[str, str]:
        """What is written, as it is kept; what is empty takes its default again."""
        return {
            name: "" if self[name].data is None else str(self[name].data).strip()
            for names in PARTS.values()
            for name in names
        }

    def blame(self, problems: Mapping[str, str]) -> None:
        """Put what is wrong at its field."""
        for name, message in problems.items():
            self[name].errors = [*self[name].errors, message]


class TownSettingsPage(Page):
    """Réglages de la ville."""

    route_base = "/service/reglages-de-la-ville"
    side = Side.STAFF
    roles = SETTINGS

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """The settings in force; sent, those that changed."""
        town = settings.read_town()
        form = form_of(town)
        mark = settings.mark_of(town)
        if request.method == "GET":
            return self.show("staff/town_settings.html", form=form, mark=mark)
        is_valid = form.validate()
        if is_valid and request.form.get("mark") != mark:
            form.form_errors.append("Un réglage a changé entre-temps : relisez, puis enregistrez.")
            return self.show("staff/town_settings.html", form=form, mark=mark), 409
        problems = settings.save(form.values()) if is_valid else {}
        form.blame(problems)
        if problems or not is_valid:
            return self.show("staff/town_settings.html", form=form, mark=mark), 422
        flash("C’est enregistré.", "done")
        return redirect(self.url())


def form_of(town: Town) -> SettingsForm:
    """The form, filled by what is in force; by the request, once it was sent."""
    made: dict[str, Any] = {}
    for one in fields(Town):
        label = one.metadata["label"]
        if one.name.endswith("_cents"):
            made[one.name] = Euros(label.replace(" (centimes)", ""), render_kw={"unit": "€"})
        elif isinstance(one.default, int):
            made[one.name] = Number(label)
        else:
            made[one.name] = StringField(label, filters=[one_line], validators=[_short()])
    form: type[SettingsForm] = type("TownSettingsForm", (SettingsForm,), made)
    return form(data={one.name: getattr(town, one.name) for one in fields(Town)})


def _short() -> Length:
    return Length(max=LONGEST, message=f"{LONGEST}\u00a0signes au plus.")
