"""Where one arrives: the way in, the desk of the service, and the lists of every kind of record."""

from collections.abc import Mapping

from flask import abort, current_app, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose

from app.access.viewer import Side, Viewer, current_viewer
from app.declare import FAMILY, SETTINGS, STAFF, Entity
from app.models import (
    Activity,
    Booking,
    ChangeRequest,
    Document,
    DocumentType,
    Facility,
    Registration,
    SchoolYear,
    Tariff,
    Thread,
)
from app.screens import menu
from app.screens.builder.addresses import address_of, asking
from app.screens.page import Page
from app.services import clock, freezes, opening_steps, piles
from app.services.opening_steps import Step


class Home(Page):
    """/ leads each to their own: log-in, the service, or the family."""

    side = None
    route_base = ""
    default_view = "index"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Never a page: a way."""
        viewer = current_viewer()
        if viewer is None:
            if "LoginPage.index" not in current_app.view_functions:
                abort(404)
            return redirect(url_for("LoginPage.index"))
        return redirect(_first(viewer) or _first(viewer.on(Side.FAMILY)) or abort(404))


def _first(viewer: Viewer) -> str | None:
    """The first line of their menu; a family without one has the list of its records."""
    url = menu.first_url(viewer)
    if url is None and viewer.is_family and viewer.acting_roles:
        url = url_for("FamilyRecords.index")
    return url


class Desk(Page):
    """Le bureau: the piles that wait for the service."""

    route_base = "/service"
    side = Side.STAFF
    roles = STAFF

    # What each pile is called, and where it is dealt with when no inbox is made for it.
    PILES: tuple[tuple[str, str, str, type[Entity], str], ...] = (
        ("documents", "Documents", "à vérifier", Document, "status=received"),
        ("registrations", "Inscriptions", "à décider", Registration, "status=asked"),
        ("bookings", "Réservations", "à décider", Booking, "status=asked"),
        ("changes", "Modifications", "à approuver", ChangeRequest, "status=waiting"),
        ("messages", "Conversations", "à répondre", Thread, "status=open"),
    )

    STEPS: Mapping[str, type[Entity] | str] = {
        "settings": "TownSettingsPage.index",
        "facilities": Facility,
        "year": SchoolYear,
        "activities": Activity,
        "calendar": "YearCalendarPage.index",
        "documents": DocumentType,
        "tariffs": Tariff,
        "rules": "RulesPage.index",
        "examples": "ExamplesPage.index",
    }

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The desk."""
        viewer = asking()
        counts = menu.counts(viewer) or piles.waiting(viewer)
        shown = []
        for key, name, what, entity, query in self.PILES:
            base = menu.inbox_url(key, viewer)
            listed = address_of(entity, viewer)
            url = base or (f"{listed}?{query}" if listed else None)
            if key in counts and url:
                shown.append((name, what, counts[key], url))
        return self.show(
            "builder/desk.html",
            today=clock.today(),
            piles=shown,
            year_to_open=freezes.year_to_open(clock.now()),
            years_url=address_of(SchoolYear, viewer) if viewer.acting_roles & SETTINGS else None,
            steps=self._steps(viewer),
            total=sum(count for _, _, count, _ in shown),
            headings=[one for one in menu.build() if one.label not in ("Aujourd’hui", "À traiter")],
        )

    def _steps(self, viewer: Viewer) -> list[tuple[Step, str]]:
        """What a town still lacks before families book, for whoever may enter it, each with its address."""
        if not viewer.acting_roles & SETTINGS:
            return []
        found = [(one, self.STEPS[one.code]) for one in opening_steps.steps(clock.today())]
        return [
            (step, (address_of(to, viewer) if isinstance(to, type) else url_for(to)) or "")
            for step, to in found
        ]


class Records(Page):
    """Every kind of record that has a screen, under its heading."""

    route_base = "/service/fiches"
    side = Side.STAFF
    roles = STAFF

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The kinds, no statement."""
        return self.show("builder/records.html", groups=menu.every_screen(asking()))


class FamilyRecords(Page):
    """Tout le dossier: every kind of record that the household may read."""

    route_base = "/espace"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The household's own first, then what the town says to everyone."""
        return self.show("builder/family/records.html", groups=menu.family_screens(asking()))
