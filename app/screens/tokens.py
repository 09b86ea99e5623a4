"""The service's screens of the API: tokens made, shown once, revoked; and how to use them."""

from typing import Any

from flask import Response, abort, flash, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, PasswordField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.access.guard import hats_of
from app.access.viewer import Side
from app.declare import STAFF, Role
from app.entities.account import RoleName
from app.screens import throttle
from app.screens.api.description import reached
from app.screens.api.pages import BASE
from app.screens.builder.addresses import asking
from app.screens.login import too_often
from app.screens.page import Page
from app.services import clock, outbox, team, tokens

LIVES = {30: "30 jours", 90: "3 mois", 365: "1 an"}


class TokenForm(FlaskForm):
    """What any token is made of."""

    label = StringField(
        "Nom",
        validators=[InputRequired("Donnez un nom à ce jeton."), Length(max=80, message="80 signes au plus.")],
        description="À quoi il sert, par exemple «\u00a0Tableau de bord du mercredi\u00a0».",
    )
    days = SelectField(
        "Durée", coerce=int, choices=[SelectChoice(days, words) for days, words in LIVES.items()], default=90
    )
    is_read_only = BooleanField("Lecture seule\u00a0: il ne change rien", default=True)
    password = PasswordField(
        "Votre mot de passe",
        validators=[InputRequired("Indiquez votre mot de passe.")],
        render_kw={"autocomplete": "current-password"},
    )


class OwnForm(TokenForm):
    """A token that acts for who asks."""

    hat = SelectField("Casquette", validators=[InputRequired("Choisissez une de vos casquettes.")])


class ProgramForm(TokenForm):
    """A token of a program, with roles of its own."""

    roles = SelectMultipleField(
        "Rôles",
        choices=[SelectChoice(role.value, role.label) for role in RoleName],
        validators=[InputRequired("Choisissez au moins un rôle.")],
    )
    facility = SelectField("Structure", coerce=int)


class TokensPage(Page):
    """Jetons d’accès: one's own, and for an administrator those of programs and of everybody."""

    route_base = "/service/jetons"
    side = Side.STAFF
    roles = STAFF
    method_roles = {"program": Role.ADMIN}

    @expose("", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """The tokens, and the form that makes one more for oneself."""
        form = self._own_form(is_sent=True)
        if not form.validate_on_submit():
            return self._page(own=form, status=422 if form.is_submitted() else 200)
        if not self._may_try(form):
            return self._page(own=form, status=429)
        made = tokens.make_own(
            asking(),
            form.password.data or "",
            form.label.data or "",
            form.days.data,
            bool(form.is_read_only.data),
            form.hat.data or "",
            clock.now(),
        )
        return self._after(made, form, own=form)

    @expose("/programme", methods=("GET", "POST"))
    def program(self) -> ResponseReturnValue:
        """The same page, and the form that makes one for a program."""
        if request.method == "GET":
            return redirect(f"{self.url()}#programme")
        form = self._program_form(is_sent=True)
        if not form.validate_on_submit():
            return self._page(program=form, status=422)
        if not self._may_try(form):
            return self._page(program=form, status=429)
        made = tokens.make_program(
            asking(),
            form.password.data or "",
            form.label.data or "",
            form.days.data,
            bool(form.is_read_only.data),
            [role for role in RoleName if role.value in (form.roles.data or ())],
            form.facility.data or None,
            clock.now(),
        )
        return self._after(made, form, program=form)

    @expose("/<int:token_id>/revoquer", methods=("POST",))
    def revoke(self, token_id: int) -> ResponseReturnValue:
        """End a token, at once; 404 for one that is not theirs."""
        label = tokens.revoke(token_id, asking(), clock.now())
        if label is None:
            abort(404)
        flash(f"Le jeton «\u00a0{label}\u00a0» n’ouvre plus rien.", "done")
        return redirect(self.url())

    def _own_form(self, is_sent: bool) -> OwnForm:
        form = OwnForm() if is_sent else OwnForm(formdata=None)
        hats = {one.key: one.words for one in team.hats_in_words(g.account)}
        held = {one.key: hats.get(one.key, one.roles.label) for one in hats_of(g.account)}
        form.hat.choices = [SelectChoice(key, words) for key, words in held.items()]
        if request.method == "GET" or not is_sent:
            form.hat.data = asking().hat
        return form

    def _program_form(self, is_sent: bool) -> ProgramForm:
        form = ProgramForm(prefix="p-") if is_sent else ProgramForm(prefix="p-", formdata=None)
        limited = asking().facility_ids
        form.facility.choices = [] if limited is not None else [SelectChoice(0, "Toutes les structures")]
        form.facility.choices += [
            SelectChoice(one.id, one.name)
            for one in team.facilities()
            if limited is None or one.id in limited
        ]
        return form

    def _may_try(self, form: TokenForm) -> bool:
        """Whether the password may be tried again: as often as at the door, and counted with it."""
        until = throttle.pause("login", throttle.password_limits(asking().email))
        if until:
            form.password.errors = [too_often(until)]
        return until is None

    def _after(self, made: tokens.Made, form: TokenForm, **forms: Any) -> ResponseReturnValue:
        for name, sentence in made.problems.items():
            field: Field = form._fields.get(name, form.label)
            field.errors = [sentence]
        if made.problems:
            return self._page(status=422, **forms)
        throttle.forgive(asking().email)
        return self._page(told=made.token)

    def _page(
        self,
        own: OwnForm | None = None,
        program: ProgramForm | None = None,
        told: str = "",
        status: int = 200,
    ) -> Response:
        viewer = asking()
        failed = own or program
        own = own or self._own_form(is_sent=False)
        if program is None and self.allows("program", viewer):
            program = self._program_form(is_sent=False)
        page = self.show(
            "staff/tokens.html",
            listed=tokens.listed(viewer, clock.now()),
            own=own,
            program=program,
            failed=failed or own,
            told=told,
            help_url=ApiHelp.url(),
        )
        response = make_response(page, status)
        response.headers["Cache-Control"] = "no-store"  # a token is shown once, and kept nowhere
        return response


class ApiHelp(Page):
    """How to use the API, for the colleague who reads."""

    route_base = "/service/api"
    side = Side.STAFF
    roles = STAFF

    @expose("")
    def index(self) -> ResponseReturnValue:
        """An example, and what one's own token would open."""
        return self.show(
            "staff/api.html",
            root=outbox.link(BASE),
            reached=reached(asking(), is_read_only=False),
            tokens_url=TokensPage.url(),
            limits=(throttle.API_READS, throttle.API_WRITES),
        )
