"""Views kept under a name: whose they are, who uses them, and what is refused."""

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Account, Family, HistoryEntry, Person, SavedView
from app.services import saved_views
from tests.people import Town
from tests.support.sql import count_statements


def keep(town: Town, who: str, name: str, query: str = "q=a", **more: bool) -> saved_views.Kept:
    with town.acting(who) as viewer:
        return saved_views.keep(Family, viewer, name, query, **more)


def seen(town: Town, who: str) -> list[str]:
    with town.acting(who) as viewer:
        return [one.name for one in saved_views.of_list(Family, viewer)]


def test_a_view_is_its_owner_s_until_it_is_shared(town: Town) -> None:
    assert keep(town, "desk", "À moi")
    assert keep(town, "desk", "À tous", shared=True)
    assert seen(town, "desk") == ["À moi", "À tous"]
    assert seen(town, "accountant") == ["À tous"]
    with town.acting("accountant") as viewer:
        (view,) = saved_views.of_list(Family, viewer)
        assert not view.is_own and view.owner == "Secrétariat Service" and not view.is_default
        assert saved_views.of_list(Person, viewer) == []


def test_a_parent_has_no_view(town: Town) -> None:
    keep(town, "desk", "À tous", shared=True)
    assert seen(town, "claire") == []
    assert not keep(town, "claire", "La mienne")


def test_the_same_name_replaces_whatever_its_case_and_accents(town: Town) -> None:
    keep(town, "desk", "Été", "q=a")
    keep(town, "desk", "ete", "q=b", shared=True)
    with town.acting("desk") as viewer:
        (view,) = saved_views.of_list(Family, viewer)
    assert (view.name, view.query, view.is_shared) == ("ete", "q=b", True)
    assert keep(town, "accountant", "Été", "q=c")  # another person's name is free
    assert seen(town, "accountant") == ["Été", "ete"]


def test_one_view_at_most_opens_by_default(town: Town) -> None:
    keep(town, "desk", "Un", default=True)
    keep(town, "desk", "Deux", default=True)
    with town.acting("desk") as viewer:
        assert [v.name for v in saved_views.of_list(Family, viewer) if v.is_default] == ["Deux"]


def test_a_colleague_s_default_is_not_one_s_own(town: Town) -> None:
    keep(town, "desk", "Un", default=True, shared=True)
    with town.acting("accountant") as viewer:
        assert [v.is_default for v in saved_views.of_list(Family, viewer)] == [False]


@pytest.mark.parametrize("is_shared", [True, False])
def test_only_the_owner_changes_or_deletes(town: Town, is_shared: bool) -> None:
    view = keep(town, "desk", "À moi", shared=is_shared).view
    assert view is not None
    with town.acting("admin") as viewer:
        assert saved_views.change(Family, viewer, view.id, "Volée", shared=True, default=False) is None
        assert saved_views.delete(Family, viewer, view.id) is None
    with town.acting("desk") as viewer:
        assert saved_views.change(Person, viewer, view.id, "Ailleurs", shared=True, default=False) is None
        changed = saved_views.change(Family, viewer, view.id, "Autre", shared=False, default=True)
        assert changed and changed.view is not None and changed.view.name == "Autre"
        assert saved_views.delete(Family, viewer, view.id) == "Autre"
        assert saved_views.delete(Family, viewer, view.id) is None


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [("", "q=a", "Donnez un nom"), ("x" * 61, "q=a", "60"), ("Bon", "q=" + "a" * 1999, "trop de filtres")],
)
def test_what_can_not_be_kept_is_said(town: Town, name: str, query: str, says: str) -> None:
    outcome = keep(town, "desk", name, query)
    assert not outcome and says in outcome.problem
    assert seen(town, "desk") == []


def test_limits_are_reached_exactly(town: Town) -> None:
    assert keep(town, "desk", "x" * 60, "q=" + "a" * 1998)
    for n in range(saved_views.MOST - 1):
        assert keep(town, "desk", f"Vue {n}")
    refused = keep(town, "desk", "Une de trop")
    assert not refused and "supprimez-en une" in refused.problem
    assert keep(town, "desk", "Vue 3", "q=z")  # replacing adds none


def test_a_name_taken_by_another_view_of_one_s_own_is_refused(town: Town) -> None:
    keep(town, "desk", "Un")
    view = keep(town, "desk", "Deux").view
    assert view is not None
    with town.acting("desk") as viewer:
        outcome = saved_views.change(Family, viewer, view.id, "UN", shared=False, default=False)
    assert outcome is not None and "déjà une vue" in outcome.problem


def test_the_views_of_a_list_cost_one_statement_and_no_history(town: Town) -> None:
    for n in range(10):
        keep(town, "desk", f"Vue {n}", shared=True)
    with town.acting("accountant") as viewer, count_statements() as statements:
        assert len(saved_views.of_list(Family, viewer)) == 10
    assert len(statements) == 1
    with unscoped("vérification"):
        entries = select(HistoryEntry.id).where(HistoryEntry.entity == "SavedView")
        assert db.session.scalars(entries).all() == []


def test_views_leave_with_their_owner(town: Town) -> None:
    keep(town, "desk", "À tous", shared=True)
    with unscoped("départ"):
        account = db.session.scalars(select(Account).where(Account.id == town.accounts["desk"])).one()
        for grant in account.grants:
            db.session.delete(grant)
        db.session.delete(account)
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(SavedView)) == 0
