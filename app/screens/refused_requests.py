"""Demandes refusées: what the portal refused to parents, kept a year, for whom they call (I6)."""

from urllib.parse import urlencode

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side
from app.declare import CARE
from app.screens import numbers
from app.screens.builder.addresses import asking
from app.screens.builder.staff import StaffScreen
from app.screens.page import Page
from app.screens.verdict_trace import spoken
from app.services import clock, refused_requests
from app.services.refused_requests import sentence_of
from app.services.verdict_traces import narrowed, reader_of

SIZE = 50
LONGEST = 80


class RefusedRequestsPage(Page):
    """Demandes refusées."""

    route_base = "/service/demandes-refusees"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A page of them, the latest first, all households together or those that hold some words."""
        words = request.args.get("q", "").strip()[:LONGEST]
        number = max(1, numbers.asked(request.args, "page") or 1)
        found, total = refused_requests.page_of(words, (number - 1) * SIZE, SIZE)
        reader = reader_of(asking())

        def url(page: int) -> str:
            kept = urlencode({key: value for key, value in {"q": words, "page": page}.items() if value})
            return f"{self.url()}?{kept}"

        return self.show(
            "staff/refused_requests.html",
            rows=[(one, sentence_of(narrowed(one.trace, reader))) for one in found],
            words=words,
            number=number,
            pages=max(1, -(-total // SIZE)),
            first=(number - 1) * SIZE + 1,
            last=(number - 1) * SIZE + len(found),
            total=total,
            url_of=url,
            today=clock.today(),
        )

    @expose("/<int:refused_id>")
    def one(self, refused_id: int) -> ResponseReturnValue:
        """One, with everything that explains it, as it was then and as its reader may know it."""
        row = refused_requests.find(refused_id)
        if row is None:
            abort(404)
        told = spoken(narrowed(row.trace, reader_of(asking())))
        return self.show("staff/refused_request.html", row=row, today=clock.today(), **told)


class RefusedRequestRecord(StaffScreen):
    """The generated pages of a refused request: its own is the one that explains."""

    @expose("/<int:row_id>")
    def show_row(self, row_id: int) -> ResponseReturnValue:
        """The page with every rule and its answer."""
        return redirect(RefusedRequestsPage.url("one", refused_id=self.row(row_id).id))
