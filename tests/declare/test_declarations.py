"""What every declaration must say, checked over the registry: a new entity is covered at once."""

import re
from typing import cast

import pytest
from sqlalchemy import Table

from app import models
from app.access.criteria import criterion
from app.access.viewer import Side
from app.declare import FAMILY, Choice, Contradiction, Entity, Kind, entities, verify
from app.declare.scope import Root

ENTITIES = [pytest.param(entity, id=entity.__name__) for entity in entities()]
ATTRIBUTES = [
    pytest.param(one, id=f"{entity.__name__}.{one.name}")
    for entity in entities()
    for one in entity.__attributes__.values()
]
CHOICES = [pytest.param(choice, id=choice.__name__) for choice in Choice.__subclasses__()]
ENGLISH = re.compile(r"\b(the|of|and|name|file|family|child|booking|status|since|until)\b", re.IGNORECASE)


def test_the_declarations_do_not_contradict_each_other() -> None:
    verify()


def test_the_map_of_the_data_names_every_entity_once() -> None:
    mapped = [entity for group in models.MAP.values() for entity in group]
    assert len(mapped) == len(set(mapped))
    assert set(mapped) == {e for e in entities() if e.__module__.startswith("app.")}


@pytest.mark.parametrize("entity", ENTITIES)
def test_an_entity_explains_itself_in_one_sentence(entity: type[Entity]) -> None:
    first = (entity.__doc__ or "").strip().splitlines()[0]
    assert first.endswith((".", ")"))
    assert len(first) > 15


@pytest.mark.parametrize("entity", ENTITIES)
def test_an_entity_has_a_french_term_of_its_own(entity: type[Entity]) -> None:
    assert entity.__term__.one
    assert not ENGLISH.search(entity.__term__.one)
    same = [other for other in entities() if other.__term__.slug == entity.__term__.slug]
    assert same == [entity]


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("side", list(Side))
def test_a_scope_leads_to_a_household_a_facility_an_account_or_the_town(
    entity: type[Entity], side: Side
) -> None:
    rows = criterion(entity, side)
    if rows is None:
        assert side is Side.STAFF or _is_public(entity)


def _is_public(entity: type[Entity]) -> bool:
    scope = entity.__scope__
    while isinstance(scope, str):
        target = entity.__attributes__[scope].target
        entity = next(one for one in entities() if one.__name__ == target)
        scope = entity.__scope__
    return scope is Root.TOWN


@pytest.mark.parametrize("entity", ENTITIES)
def test_what_holds_people_is_closed_to_other_households(entity: type[Entity]) -> None:
    points_at = {one.target for one in entity.__attributes__.values() if one.kind is Kind.RELATION}
    if points_at & {"Family", "Person", "Account"}:
        assert criterion(entity, Side.FAMILY) is not None


@pytest.mark.parametrize("one", ATTRIBUTES)
def test_an_attribute_has_a_french_label(one: object) -> None:
    label = one.label  # type: ignore[attr-defined]
    assert label[0].isupper() or not label[0].isalpha()
    assert not ENGLISH.search(label), label
    assert not label.endswith((".", ":"))


@pytest.mark.parametrize("one", ATTRIBUTES)
def test_what_a_family_edits_it_sees(one: object) -> None:
    if one.edit & FAMILY:  # type: ignore[attr-defined]
        assert one.see & FAMILY  # type: ignore[attr-defined]


@pytest.mark.parametrize("choice", CHOICES)
def test_a_closed_list_gives_each_value_a_word_a_colour_and_a_sign(choice: type[Choice]) -> None:
    for member in choice:
        assert member.label[0].isupper()
        assert member.tone in {"green", "yellow", "blue", "rose", "peach", "grey"}
        assert member.icon


def test_secrets_are_shown_to_nobody() -> None:
    secrets = {
        f"{entity.__name__}.{one.name}"
        for entity in entities()
        for one in entity.__attributes__.values()
        if one.secret
    }
    assert {"Account.password_hash", "Account.stamp", "LoginLink.digest", "OutgoingMail.body"} <= secrets


def test_a_contradiction_stops_the_boot_with_a_sentence_that_says_where() -> None:
    from sqlalchemy.orm import Mapped

    from app.declare import TOWN, Role, attribute, masculine
    from app.declare.registry import forget

    class Blind(Entity):
        """Blind: an editor who can't see, and an approval nobody can ask for."""

        __term__ = masculine("aveugle", "aveugles")
        __scope__ = TOWN

        title: Mapped[str] = attribute("Titre", see=Role.DESK, edit=Role.DESK | Role.HEAD)
        notes: Mapped[str] = attribute("Notes", edit=Role.DESK, approval=True)

    try:
        with pytest.raises(Contradiction) as told:
            verify()
    finally:
        forget(Blind)
        Entity.metadata.remove(cast(Table, Blind.__table__))
    assert "Blind.title : Direction de structure peut modifier sans voir" in str(told.value)
    assert "Blind.notes attend une validation, mais aucune famille" in str(told.value)
    verify()


def test_a_part_written_in_a_form_must_be_one_and_be_few() -> None:
    from sqlalchemy.orm import Mapped

    from app.declare import NOBODY, TOWN, FileRef, attribute, masculine, relation
    from app.declare.registry import faults_of, forget

    class Loose(Entity):
        """Loose: a line that is no part, of a sort kept by the thousand, that nobody writes, with a file."""

        __term__ = masculine("libre", "libres")
        __scope__ = TOWN
        __edit__ = NOBODY
        __history__ = False

        bracket: Mapped[models.Bracket] = relation("Tranche", inline=True)
        bracket_id: Mapped[int]
        file: Mapped[FileRef | None] = attribute("Fichier")

    try:
        told = "\n".join(faults_of(Loose))
    finally:
        forget(Loose)
        Entity.metadata.remove(cast(Table, Loose.__table__))
    for sentence in (
        "sans être une partie de Bracket : ajoutez parent=True",
        "se comptent par milliers",
        "personne ne modifie ces fiches",
    ):
        assert sentence in told, sentence
