"""Mes factures: the household's invoices, each explained line by line, each as PDF."""

from flask import abort, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, current_viewer
from app.declare import FAMILY, Role
from app.screens.page import Page
from app.services import clock, invoices


class InvoicesPage(Page):
    """The family's side."""

    route_base = "/factures"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The household's invoices, by school year."""
        viewer = current_viewer()
        if viewer is None or viewer.family_id is None:
            abort(404)
        found = invoices.of_family(viewer.family_id)
        years = invoices.by_school_year(found)
        wanted = request.args.get("annee")
        return self.show(
            "family/invoices.html",
            years=years,
            year=wanted if wanted in years else next(iter(years), None),
            latest=invoices.latest_to_pay(viewer.family_id, clock.today()),
            notes=invoices.credit_notes(viewer.family_id),
            today=clock.today(),
        )

    @expose("/<int:invoice_id>")
    def one(self, invoice_id: int) -> ResponseReturnValue:
        """An invoice, each line with its reason."""
        return self.show("family/invoice.html", one=_found(invoice_id), today=clock.today())

    @expose("/<int:invoice_id>/pdf")
    def pdf(self, invoice_id: int) -> ResponseReturnValue:
        """The invoice as a PDF file."""
        return _pdf(invoice_id)

    @expose("/avoir/<int:note_id>")
    def credit(self, note_id: int) -> ResponseReturnValue:
        """A credit note, each line with its reason."""
        found = invoices.explained_credit(note_id)
        if found is None:
            abort(404)
        return self.show("family/credit_note.html", one=found, today=clock.today())


class InvoiceFile(Page):
    """The same PDF for staff."""

    route_base = "/service/factures-pdf"
    side = Side.STAFF
    roles = Role.ACCOUNTANT | Role.DESK

    @expose("/<int:invoice_id>")
    def pdf(self, invoice_id: int) -> ResponseReturnValue:
        """The invoice as a PDF file."""
        return _pdf(invoice_id)


def _found(invoice_id: int) -> invoices.Explained:
    found = invoices.explained(invoice_id)
    if found is None:
        abort(404)
    return found


def _pdf(invoice_id: int) -> ResponseReturnValue:
    found = _found(invoice_id)
    return send_file(
        invoices.pdf_path(found),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=f"facture-{found.invoice.number}.pdf",
        max_age=0,
    )
