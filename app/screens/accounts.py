"""Staff screens of accesses: the parents of a household, and the team."""

from collections.abc import Sequence
from typing import Any

from flask import abort, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.access.guard import hats_of
from app.access.viewer import Side
from app.declare import STAFF, Entity, Role
from app.entities.account import RoleName
from app.models import Family
from app.screens.builder.addresses import link
from app.screens.builder.staff import StaffScreen
from app.screens.erasure import ErasurePage, may_erase
from app.screens.page import Page
from app.services import accounts, clock, login_moves, team
from app.services.accounts import Access, Outcome, Sent

SENTENCES = {
    Sent.INVITATION: "L’invitation part vers {email}. Le lien sert une fois.",
    Sent.RESET: "Un lien pour choisir un nouveau mot de passe part vers {email}.",
    Sent.TOLD: "{email} avait déjà un compte\u00a0: il ouvre maintenant cela aussi, un e-mail le lui dit.",
}


def say(outcome: Outcome) -> None:
    """Tell what left."""
    flash(SENTENCES[outcome.sent].format(email=outcome.email), "done")


class FamilyAccess(Page):
    """The parents' accesses to one household: invite, send again, close."""

    route_base = "/service/acces"
    side = Side.STAFF
    roles = Role.DESK | Role.ADMIN

    @expose("/<int:family_id>")
    def index(self, family_id: int) -> ResponseReturnValue:
        """Each guardian, and where their access stands."""
        return self._page(family_id)

    @expose("/<int:family_id>/inviter/<int:person_id>", methods=["POST"])
    def invite(self, family_id: int, person_id: int) -> ResponseReturnValue:
        """Send what is needed to enter: a first link, a new one, a link to change the password."""
        typed = request.form.get("email", "")
        outcome = accounts.invite_guardian(family_id, person_id, clock.now(), typed)
        return self._after(family_id, person_id, typed, outcome)

    @expose("/<int:family_id>/adresse/<int:person_id>", methods=["POST"])
    def move(self, family_id: int, person_id: int) -> ResponseReturnValue:
        """Log in with the address that is now on the record."""
        outcome = login_moves.move_login(family_id, person_id, clock.now())
        if outcome is not None and not outcome.problem:
            flash(
                f"La connexion se fait maintenant avec {outcome.email}. Un e-mail le dit aux deux adresses.",
                "done",
            )
            return redirect(self.url(family_id=family_id))
        return self._after(family_id, person_id, "", outcome)

    @expose("/<int:family_id>/fermer/<int:account_id>", methods=["POST"])
    def close(self, family_id: int, account_id: int) -> ResponseReturnValue:
        """Take the household away from an account, at once."""
        name = accounts.close_household(family_id, account_id, clock.now())
        if name is None:
            abort(404)
        flash(f"{name} n’ouvre plus ce dossier.", "done")
        return redirect(self.url(family_id=family_id))

    def _after(
        self, family_id: int, person_id: int, typed: str, outcome: Outcome | None
    ) -> ResponseReturnValue:
        if outcome is None:
            abort(404)
        if outcome.problem:
            return self._page(family_id, {person_id: outcome.problem}, {person_id: typed}, 422)
        say(outcome)
        return redirect(self.url(family_id=family_id))

    def _page(
        self,
        family_id: int,
        problems: dict[int, str] | None = None,
        typed: dict[int, str] | None = None,
        status: int = 200,
    ) -> ResponseReturnValue:
        now = clock.now()
        household = accounts.household(family_id, now)
        if household is None:
            abort(404)
        page = self.show(
            "accounts/family.html",
            household=household,
            record=link(Family, family_id, g.viewer),
            problems=problems or {},
            typed=typed or {},
            access=Access,
            today=clock.today(),
        )
        return page, status


class FamilyRecord(StaffScreen):
    """The generated page of a household, which leads to its accesses."""

    def actions(self, row: Entity) -> Sequence[tuple[str, str, str]]:
        """The accesses, for who may open them; the erasure of a household that left."""
        found = []
        if g.viewer.acting_roles & FamilyAccess.roles:
            found.append(("Accès des parents", "key", FamilyAccess.url(family_id=row.id)))
        if isinstance(row, Family) and row.left_on and not row.erased_on and may_erase(g.viewer):
            found.append(("Effacer le dossier", "trash3", ErasurePage.url("confirm", family_id=row.id)))
        return found


class HatSwitch(Page):
    """The hat of who holds roles in different places, kept in the cookie: only one that is theirs."""

    route_base = "/service/casquette"
    side = Side.STAFF
    roles = STAFF

    @expose("", methods=("POST",))
    def choose(self) -> ResponseReturnValue:
        """Act under the hat named in the form from now on; 404 for a hat that one has not."""
        wanted = request.form.get("hat", "")
        if wanted not in {one.key for one in hats_of(g.account)}:
            abort(404)
        session["hat"] = wanted
        return redirect(url_for("Desk.index"))


class ColleagueForm(FlaskForm):
    """Who joins the team, in which role."""

    first_name = StringField("Prénom", validators=[InputRequired("Indiquez le prénom."), Length(max=200)])
    last_name = StringField("Nom", validators=[InputRequired("Indiquez le nom."), Length(max=200)])
    email = EmailField(
        "E-mail professionnel", validators=[InputRequired("Indiquez l’e-mail."), Length(max=200)]
    )
    role = SelectField(
        "Rôle",
        choices=[SelectChoice(role.value, role.label) for role in RoleName],
        validators=[InputRequired("Choisissez un rôle.")],
    )
    facility = SelectField("Structure", coerce=int, description="Toutes, ou une seule.")


class TeamPage(Page):
    """The staff's accounts: roles, invitation, closing."""

    route_base = "/service/equipe"
    side = Side.STAFF
    roles = Role.ADMIN

    @expose("", methods=["GET", "POST"])
    def index(self) -> ResponseReturnValue:
        """The team, and the form that invites one more."""
        form = self._form()
        if form.validate_on_submit():
            outcome = team.invite_colleague(
                email=form.email.data or "",
                first_name=form.first_name.data or "",
                last_name=form.last_name.data or "",
                role=RoleName[str(form.role.data).upper()],
                facility_id=form.facility.data or None,
                now=clock.now(),
            )
            if not outcome.problem:
                say(outcome)
                return redirect(self.url())
            form.email.errors = [outcome.problem]
        return self._page(form, 422 if form.is_submitted() else 200)

    @expose("/<int:account_id>/relancer", methods=["POST"])
    def send_again(self, account_id: int) -> ResponseReturnValue:
        """Send a new link."""
        outcome = team.send_again(account_id, clock.now())
        if outcome is None:
            abort(404)
        say(outcome)
        return redirect(self.url())

    @expose("/<int:account_id>/fermer", methods=["POST"])
    def close(self, account_id: int) -> ResponseReturnValue:
        """Take every role away."""
        outcome = team.close_colleague(account_id, g.viewer.account_id, clock.now())
        if outcome is None:
            abort(404)
        if outcome.problem:
            flash(outcome.problem, "error")
        else:
            flash(f"{outcome.email} n’entre plus du côté du service.", "done")
        return redirect(self.url())

    def _form(self) -> ColleagueForm:
        form = ColleagueForm()
        form.facility.choices = [SelectChoice(0, "Toutes les structures")]
        form.facility.choices += [SelectChoice(one.id, one.name) for one in team.facilities()]
        if not form.is_submitted():
            form.facility.data = 0
        return form

    def _page(self, form: ColleagueForm, status: int) -> ResponseReturnValue:
        context: dict[str, Any] = {
            "colleagues": team.team(clock.now()),
            "access": Access,
            "today": clock.today(),
        }
        return self.show("accounts/team.html", form=form, **context), status
