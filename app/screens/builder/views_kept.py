"""Views of a list kept under a name: what the list shows of them, and the doors that change them.

An address is read with the rights of whoever keeps it, then again of whoever opens it: a filter, an order or
a column that they don't see is not there for them, as if it had not been written.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from werkzeug.datastructures import MultiDict

from app.access.viewer import Viewer
from app.screens.builder import filters, listing
from app.screens.builder.addresses import asking
from app.screens.builder.listing import Ask
from app.screens.builder.screen import Screen
from app.services import saved_views
from app.services.saved_views import Kept, View

MOST_FIELDS = 200


@dataclass(frozen=True)
class Shown:
    """A view with its address for this viewer."""

    view: View
    url: str
    query: str


class ViewsKept(Screen):
    """A list that is kept under names."""

    # --- What the list shows ---

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The list; without a word in the address, the view that its reader opens by default."""
        if not request.query_string:
            own = next((one for one in self.kept(asking()) if one.view.is_default), None)
            if own is not None:
                return redirect(own.url)
        plain: ResponseReturnValue = super().index()
        return plain

    def kept(self, viewer: Viewer) -> list[Shown]:
        """The views that the viewer may use here, as the viewer may read them; one statement a request."""
        if "kept_views" not in g:
            g.kept_views = saved_views.of_list(self.entity, viewer)
        found = []
        for view in g.kept_views:
            ask = self.read_query(view.query, viewer)
            url = filters.address(self.url("index"), ask.pairs(vue=view.id))
            found.append(Shown(view, url, query_of(ask)))
        return found

    def read_query(self, query: str, viewer: Viewer) -> Ask:
        """What an address kept as text asks, as far as this viewer may ask it."""
        try:
            pairs = parse_qsl(query, max_num_fields=MOST_FIELDS)
        except ValueError:
            pairs = []
        return listing.read(self.entity, viewer, MultiDict(pairs))

    def around(self, ask: Ask, viewer: Viewer) -> tuple[Ask, dict[str, Any]]:
        """The views beside the list; a number in the address that is no view of theirs is left out."""
        kept = self.kept(viewer)
        current = next((one for one in kept if one.view.id == ask.view), None)
        opens_by_itself = any(one.view.is_default for one in kept)
        if current is None:
            ask = ask.started_from(0 if opens_by_itself else None)
        query = query_of(ask)
        return ask, {
            "views": kept,
            "view": current,
            "is_changed": current is not None and current.query != query,
            "query": query,
            "name_length": saved_views.NAME_LENGTH,
            "whole_url": filters.address(self.url("index"), [("vue", 0)] if opens_by_itself else []),
        }

    # --- The doors ---

    @expose("/vues")
    def views(self) -> ResponseReturnValue:
        """One's own views to rename, share and delete, and those of colleagues to open."""
        return self._views({})

    @expose("/vues", methods=("POST",))
    def keep_view(self) -> ResponseReturnValue:
        """Keep the address that the list sends under the name that is typed."""
        viewer = asking()
        query = query_of(self.read_query(request.form.get("query", ""), viewer))
        name, shared, default = _typed()
        outcome = saved_views.keep(self.entity, viewer, name, query, shared=shared, default=default)
        if not outcome:
            flash(outcome.problem, "error")
            return redirect(self._address(query, None, viewer))
        return self._done(outcome, viewer)

    @expose("/vues/<int:view_id>", methods=("POST",))
    def change_view(self, view_id: int) -> ResponseReturnValue:
        """Rename, share, open by default, replace or delete a view of one's own; 404 for any other."""
        viewer = asking()
        if request.form.get("action") == "supprimer":
            gone = saved_views.delete(self.entity, viewer, view_id)
            if gone is None:
                abort(404)
            flash(f"La vue «\u00a0{gone}\u00a0» est supprimée.", "done")
            return redirect(self.url("views"))
        query = None
        if "query" in request.form:
            query = query_of(self.read_query(request.form["query"], viewer))
        name, shared, default = _typed()
        outcome = saved_views.change(
            self.entity, viewer, view_id, name, shared=shared, default=default, query=query
        )
        if outcome is None:
            abort(404)
        if not outcome:
            return self._views({view_id: outcome.problem}), 422
        if query is not None:
            return self._done(outcome, viewer)
        flash("C’est enregistré.", "done")
        return redirect(self.url("views"))

    def _views(self, problems: dict[int, str]) -> str:
        return self.show_page(
            "views", views=self.kept(asking()), problems=problems, name_length=saved_views.NAME_LENGTH
        )

    def _done(self, outcome: Kept, viewer: Viewer) -> ResponseReturnValue:
        assert outcome.view is not None
        flash(f"La vue «\u00a0{outcome.view.name}\u00a0» est gardée.", "done")
        return redirect(self._address(outcome.view.query, outcome.view.id, viewer))

    def _address(self, query: str, view_id: int | None, viewer: Viewer) -> str:
        ask = self.read_query(query, viewer)
        return filters.address(self.url("index"), ask.pairs(vue=0 if view_id is None else view_id))


def query_of(ask: Ask) -> str:
    """The address of a list as text: what is kept, and what two views are compared by."""
    return filters.address("", ask.pairs(vue="")).removeprefix("?")


def _typed() -> tuple[str, bool, bool]:
    name = filters.clean(request.form.get("name"), 200)
    return name, request.form.get("shared") == "1", request.form.get("default") == "1"
