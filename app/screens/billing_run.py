"""Facturer un mois: what would be billed, then the run."""

from datetime import date

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import Side, Viewer, current_viewer
from app.declare import Role
from app.models import BillingRun
from app.screens.page import Page
from app.screens.words import euros, month
from app.services import billing, billing_run, clock
from app.services.billing import Preview

FIRST_MONTH = date(2000, 1, 1)


class BillingPage(Page):
    """The accountant's page: the months, the preview of one, the run."""

    route_base = "/service/facturation"
    side = Side.STAFF
    roles = Role.ACCOUNTANT

    def allows(self, method: str, viewer: Viewer) -> bool:
        """A month is billed for the whole town: not by somebody who sees a few facilities only."""
        return super().allows(method, viewer) and viewer.facility_ids is None

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The runs done, and the month to bill next."""
        runs = db.session.scalars(select(BillingRun).order_by(BillingRun.ran_at.desc()).limit(24)).all()
        last_month = billing.months_until(FIRST_MONTH, clock.today())[-2]
        return self.show("staff/billing.html", runs=runs, last_month=last_month, today=clock.today())

    @expose("/apercu")
    def preview(self) -> ResponseReturnValue:
        """What billing the month (``mois``, 2027-05) would do; nothing is written."""
        found = billing.preview(_month(request.args.get("mois")))
        return self.show("staff/billing_preview.html", preview=found, today=clock.today())

    @expose("/lancer", methods=("POST",))
    def run(self) -> ResponseReturnValue:
        """Bill the month. A second run bills only what has changed since."""
        viewer = current_viewer()
        asked = _month(request.form.get("mois"))
        done = billing_run.run(asked, viewer.name if viewer else "", clock.now())
        if isinstance(done, Preview):
            flash(done.unpriced, "error")
            return redirect(self.url("preview", mois=asked.strftime("%Y-%m")))
        flash(f"{month(asked).capitalize()}\u00a0: {_sentence_of(done)}", "done")
        return redirect(self.url("index"))


def _sentence_of(done: billing_run.Done) -> str:
    """What a run did: a month whose amounts are carried is not "all billed"."""
    words = []
    if done.invoice_count:
        words.append(
            f"{_counted(done.invoice_count, 'facture')}, {euros(done.total_cents)}. "
            "Les e-mails partent maintenant."
        )
    if done.credit_count:
        words.append(f"{_counted(done.credit_count, 'avoir')} de fin d’année.")
    if done.carried_count:
        words.append(
            f"{_counted(done.carried_count, 'montant reporté', 'montants reportés')} "
            "sur la prochaine facture."
        )
    return " ".join(words) or "tout est déjà facturé."


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number < 2 else several or one + 's'}"


def _month(text: str | None) -> date:
    """The first day of the month asked for; months to come are not billed."""
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        abort(404)
    if not FIRST_MONTH <= asked <= clock.today():
        abort(404)
    return asked
