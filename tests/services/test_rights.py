"""Rights as a configurator sets them: from what is declared down, all or none, nobody locked out."""

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FAMILY, Entity
from app.entities.rulebook import Audience, Level
from app.models import Facility, Family, FieldRight, HistoryEntry, Person
from app.services import rights
from app.services.rights import DECLARED
from tests.people import Town

HIDDEN, READ, APPROVAL = Level.HIDDEN.value, Level.READ.value, Level.APPROVAL.value


def kept() -> int:
    return db.session.scalar(select(func.count(FieldRight.id))) or 0


def tighten(entity: type[Entity], *changes: tuple[str, Audience, str]) -> rights.Outcome:
    wanted = {(name, who): value for name, who, value in changes}
    return rights.tighten(entity, wanted, rights.board(entity).seen)


@pytest.mark.parametrize("entity", rights.tightenable(), ids=lambda one: one.__name__)
def test_no_choice_gives_more_than_the_declaration(entity: type[Entity]) -> None:
    for one in entity.__attributes__.values():
        for who in Audience:
            offered = dict(rights.options(entity, one, who))
            if (one.entity, one.name) in rights.WORDING:
                assert not offered
                continue
            assert bool(offered) is one.seen_by(who.role), (one.name, who)
            assert (READ in offered) is one.edited_by(who.role)
            if APPROVAL in offered:
                assert who.role is FAMILY and one.edited_by(FAMILY) and not one.approval


def test_approval_is_offered_where_the_families_pages_know_how_to_wait() -> None:
    assert APPROVAL in dict(rights.options(Family, Family.__attributes__["phone"], Audience.FAMILY))
    assert APPROVAL in dict(rights.options(Person, Person.__attributes__["email"], Audience.FAMILY))
    assert APPROVAL not in dict(rights.options(Family, Family.__attributes__["phone"], Audience.DESK))


def test_a_choice_is_kept_changed_and_taken_back_with_its_history(town: Town) -> None:
    with town.acting("configurator"):
        assert tighten(Family, ("notes", Audience.DESK, READ))
        assert tighten(Family, ("notes", Audience.DESK, HIDDEN))
        board = rights.board(Family)
        assert board.tightened == 1 and rights.counts() == {"Family": 1}
        assert tighten(Family, ("notes", Audience.DESK, DECLARED))
        assert kept() == 0
        with unscoped("l'historique"):
            told = db.session.scalars(
                select(HistoryEntry).where(HistoryEntry.entity == "FieldRight").order_by(HistoryEntry.id)
            ).all()
        assert [one.action for one in told] == ["create", "edit", "delete"]
        assert told[1].before == {"level": "read"} and told[1].after == {"level": "hidden"}
        assert {one.account_id for one in told} == {town.accounts["configurator"]}


def test_saving_what_is_already_so_writes_nothing(town: Town) -> None:
    with town.acting("configurator"):
        assert tighten(Family, ("notes", Audience.DESK, READ))
        seen = rights.board(Family).seen
        assert tighten(Family, ("notes", Audience.DESK, READ), ("name", Audience.HEAD, DECLARED))
        assert rights.board(Family).seen == seen


@pytest.mark.parametrize(
    ("name", "who", "value"),
    [
        ("nobody", Audience.DESK, HIDDEN),
        ("name", Audience.FAMILY, APPROVAL),  # families don't edit it
        ("city", Audience.FAMILY, APPROVAL),  # declared so: the choice is DECLARED
        ("notes", Audience.ACCOUNTANT, READ),  # does not see it
        ("name", Audience.DESK, "everything"),
    ],
)
def test_what_is_not_offered_is_refused_whole(town: Town, name: str, who: Audience, value: str) -> None:
    with town.acting("configurator"):
        outcome = tighten(Family, ("phone", Audience.DESK, READ), (name, who, value))
        assert not outcome and "jamais élargi" in outcome.problem
        db.session.rollback()
        assert kept() == 0


def test_two_configurators_at_once_do_not_overwrite_each_other(town: Town) -> None:
    with town.acting("configurator"):
        seen = rights.board(Family).seen
        assert tighten(Family, ("notes", Audience.DESK, READ))
        late = rights.tighten(Family, {("phone", Audience.DESK): HIDDEN}, seen)
        assert late.conflict and "entre-temps" in late.problem
        assert kept() == 1


def test_somebody_must_remain_who_can_create(town: Town) -> None:
    with town.acting("configurator"):
        creators = [who for who in Audience if Facility.may_create() & who.role]
        assert creators
        outcome = tighten(Facility, *[("name", who, READ) for who in creators])
        assert (
            not outcome
            and "Plus personne ne pourrait créer" in outcome.problem
            and "« Nom »" in outcome.problem
        )
        assert kept() == 0


def test_a_role_that_can_no_longer_create_is_named(town: Town) -> None:
    with town.acting("configurator"):
        outcome = tighten(Facility, ("name", Audience.CONFIGURATOR, READ))
        assert outcome
        assert any("Paramétrage ne peut plus créer une structure" in one for one in outcome.warnings)
