"""Many rows at once: chosen in a list, shown with what would become of each, then written.

Everything is in the form that goes from page to page: nothing is kept between two requests. A number out of
reach is as if it had not been sent; when none is left, the page does not exist.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Kind
from app.screens import numbers
from app.screens.builder import cells, filters, listing, naming, offering
from app.screens.builder.addresses import asking
from app.screens.builder.forms import RowForm
from app.screens.builder.listing import Ask
from app.screens.builder.views_kept import ViewsKept
from app.screens.words import count
from app.services import batches, clock
from app.services.batches import Batch

SHOWN = 100
"""How many rows a page names; the others are counted."""


@dataclass(frozen=True)
class Chosen:
    """The rows of a batch, named while they are all there, and where they were chosen."""

    rows: list[Entity]
    names: dict[int, str]
    back: str
    query: str

    @property
    def ids(self) -> str:
        """Their numbers, as a form carries them."""
        return ",".join(map(str, self.names))


class Bulk(ViewsKept):
    """A list whose rows are chosen, then changed, deleted or exported together."""

    bulk_actions: ClassVar[Sequence[tuple[str, str, str]]] = ()
    """What a subclass does with the rows chosen: (label, icon, method); it reads ``chosen``."""

    def around(self, ask: Ask, viewer: Viewer) -> tuple[Ask, dict[str, Any]]:
        """The views, and what the bar of the rows chosen offers."""
        ask, around = super().around(ask, viewer)
        around["is_changeable"] = bool(batches.changeable(self.entity, viewer))
        around["most_at_once"] = batches.MOST
        around["list_query"] = filters.address("", ask.pairs(page=ask.page)).removeprefix("?")
        return ask, around

    @expose("/lot", methods=("POST",))
    def batch(self) -> ResponseReturnValue:
        """What is asked of the rows chosen: first shown, then done."""
        viewer = asking()
        action = request.form.get("_action", "")
        if action == "exporter":
            return self._exported_there(viewer)
        wanted = {"modifier": Action.EDIT, "supprimer": Action.DELETE}.get(action)
        if wanted is None:
            abort(400)
        if not permissions.may(viewer, self.entity, wanted):
            abort(403)
        proposed = batches.changeable(self.entity, viewer) if wanted is Action.EDIT else []
        one = next((one for one in proposed if one.name == request.form.get("_champ")), None)
        chosen = self.chosen(viewer, [one] if one else [])
        if chosen is None:
            flash("Cochez d’abord des lignes de la liste.", "warning")
            return redirect(self._back(viewer)[0])
        if len(chosen.rows) > batches.MOST:
            return self._batch_page(chosen, action, problem=batches.too_many()), 422
        if wanted is Action.DELETE:
            return self._delete(chosen, viewer)
        return self._change(chosen, proposed, one, viewer)

    def chosen(self, viewer: Viewer, shown: Sequence[Attribute] = ()) -> Chosen | None:
        """The rows that the form names, or all of its list; None when it names none. One statement.

        404 when none of those it names is in reach.
        """
        back, query = self._back(viewer)
        shown = [*shown, *naming.telling(self.entity, viewer)]
        if request.form.get("_tout") == "1":
            ask = self.read_query(query, viewer)
            statement = listing.rows(self.entity, viewer, ask, shown)
        else:
            ids = _numbers(request.form.getlist("lot"))
            if not ids:
                return None
            only = select(self.entity).where(self.entity.id.in_(ids))
            statement = listing.in_order(only, self.entity, viewer, shown)
        rows = list(db.session.scalars(statement.limit(batches.MOST + 1)).unique())
        if not rows:
            abort(404)
        return Chosen(rows, {row.id: naming.precise(row, viewer) for row in rows}, back, query)

    def _back(self, viewer: Viewer) -> tuple[str, str]:
        """The list that the rows were chosen in: its address, and what it asks."""
        ask = self.read_query(request.form.get("_query", ""), viewer)
        query = filters.address("", ask.pairs(page=ask.page)).removeprefix("?")
        return f"{self.url('index')}?{query}" if query else self.url("index"), query

    def _exported_there(self, viewer: Viewer) -> ResponseReturnValue:
        """To the file of the rows chosen: a form must not put its token in an address."""
        ask = self.read_query(request.form.get("_query", ""), viewer)
        pairs = ask.pairs(vue="", taille="")
        if request.form.get("_tout") != "1":
            pairs += [("lot", number) for number in _numbers(request.form.getlist("lot"))[: listing.MOST]]
        return redirect(filters.address(self.url("export_sheet"), pairs))

    # --- One value ---

    def _change(
        self, chosen: Chosen, proposed: Sequence[Attribute], one: Attribute | None, viewer: Viewer
    ) -> ResponseReturnValue:
        if not proposed:
            abort(403)
        if one is None:
            return self._batch_page(chosen, "modifier", proposed=proposed)
        form = self._form_of(one, viewer)
        step = request.form.get("_etape")
        if step is None or request.form.get("_chercher") or not form.validate():
            page = self._batch_page(chosen, "modifier", proposed=proposed, attribute=one, form=form.form)
            return (page, 422) if step and form.form.errors else page
        value = form.values(_no_file)[one.name]
        words = _words(form, one, value)
        before = Counter(cells.cell(row, one, viewer, _nowhere).text for row in chosen.rows)
        told: dict[str, Any] = {"attribute": one, "words": words, "before": before.most_common(8)}
        if step != "faire":
            plan = batches.update_many(chosen.rows, one, value, viewer, trial=True)
            sent = [(one.name, text) for text in request.form.getlist(one.name)]
            return self._batch_page(chosen, "modifier", plan=plan, sent=sent, **told)
        return self._finished(chosen, "modifier", batches.update_many(chosen.rows, one, value, viewer), told)

    def _form_of(self, one: Attribute, viewer: Viewer) -> RowForm:
        """The form of a row, with that field alone."""
        form = RowForm(self.entity, viewer, clock.today(), edited=[one])
        if request.form.get("_etape"):
            form.fill(request.form, request.files)
        offering.offer(
            [form],
            viewer,
            lambda one: self.url("choices", name=one.name),
            lambda name: filters.clean(request.form.get(f"{name}-mots"), 100),
        )
        return form

    # --- Deletion ---

    def _delete(self, chosen: Chosen, viewer: Viewer) -> ResponseReturnValue:
        if request.form.get("_etape") != "faire":
            plan = batches.delete_many(chosen.rows, viewer, trial=True)
            return self._batch_page(chosen, "supprimer", plan=plan)
        return self._finished(chosen, "supprimer", batches.delete_many(chosen.rows, viewer), {})

    # --- Answers ---

    def _finished(
        self, chosen: Chosen, action: str, outcome: Batch, told: dict[str, Any]
    ) -> ResponseReturnValue:
        """Back to the list when all went well; a page that names what was refused otherwise."""
        if outcome.problem:
            return self._batch_page(chosen, action, problem=outcome.problem), 422
        if outcome.refused:
            return self._batch_page(chosen, action, plan=outcome, is_done=True, **told)
        flash(self.sentence(action, len(outcome.done)), "done")
        return redirect(chosen.back)

    def sentence(self, action: str, number: int) -> str:
        """« 3 familles modifiées. »"""
        term = self.entity.__term__
        word = term.agree("modifié" if action == "modifier" else "supprimé") + ("s" if number > 1 else "")
        rows = count(number, term.one, term.many, feminine=term.is_feminine)
        return f"{rows[0].upper()}{rows[1:]} {word}."

    def _batch_page(self, chosen: Chosen, action: str, **context: Any) -> str:
        plan: Batch | None = context.get("plan")
        return self.show_page(
            "bulk",
            chosen=chosen,
            action=action,
            refused=[(chosen.names[key], says) for key, says in plan.refused.items()] if plan else [],
            doing=[chosen.names[key] for key in plan.done[:SHOWN]] if plan else [],
            sentence=self.sentence,
            **context,
        )


def _numbers(texts: Sequence[str]) -> list[int]:
    """The rows' numbers that a form sends, several a field or not; one more than a batch at most."""
    found = (numbers.row_id(one) for text in texts for one in text.split(","))
    return list(dict.fromkeys(one for one in found if one))[: batches.MOST + 1]


def _words(form: RowForm, one: Attribute, value: Any) -> str:
    if one.kind is Kind.RELATION and value is not None:
        return str(form.form[one.name].names[value])
    return cells.words(one, value)


def _nowhere(entity: type[Entity], row_id: int) -> None:
    return None


def _no_file(sent: Any) -> Any:
    raise TypeError("un fichier ne se donne pas à plusieurs fiches")
