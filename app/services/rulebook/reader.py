"""From the tree of a file to entries, by the sections' declarations; every problem at once."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from app.declare import Problem as BadValue
from app.models import Setting
from app.rules.values import Misread, hint
from app.services.rulebook.draft import Draft, Entry
from app.services.rulebook.schema import Field, Section, children_of, struct_fields, struct_name
from app.services.rulebook.sections import SECTIONS
from app.services.rulebook.source import Listing, Node, Problem, Table
from app.services.rulebook.values import Ref, read_cents, read_code, text_of
from app.services.settings import LABELS, Town, problem_of

TOWN = "town"


def read(tree: Table, today: date) -> Draft:
    """Everything the file says, and everything wrong in it that one entry alone can tell."""
    draft = Draft(tree)
    known = {TOWN: None} | {section.key: section for section in SECTIONS}
    for key, name in tree.keys.items():
        if key not in known:
            draft.report([name.problem(f"la rubrique « {key} » n’existe pas : {hint(key, known)}")])
    _read_town(draft)
    for section in SECTIONS:
        if section.key in tree.values:
            _read_section(draft, section, tree.values[section.key], None, today)
    _resolve(draft)
    return draft


def _read_section(draft: Draft, section: Section, node: Node, parent: Entry | None, today: date) -> None:
    if not isinstance(node, Table if section.by else Listing):
        if node.plain is None:
            return
        expected = (
            "un tableau, une entrée par code" if section.by else "une liste, chaque entrée après un tiret"
        )
        draft.report([node.problem(f"« {section.key} » est {expected}.")])
        return
    for rank, (name, content) in enumerate(children_of(node)):
        if not isinstance(content, Table):
            draft.report([content.problem("il faut ici des clés et leurs valeurs, en retrait sous ce nom.")])
            continue
        entry = Entry(
            section.entity, "", content, section.identity, parent=parent, parent_name=section.parent
        )
        if section.by:
            _read_name(draft, section, entry, name)
        if section.whole:
            entry.values |= {section.whole: content.plain, "position": rank}
        else:
            _read_fields(draft, section, entry, rank, today)
        draft.entries.append(entry)
        for child in section.children:
            if child.key in content.values:
                _read_section(draft, child, content.values[child.key], entry, today)


def _read_name(draft: Draft, section: Section, entry: Entry, name: Node) -> None:
    try:
        value = read_code(name) if section.by == "code" else text_of(name)
    except Misread as error:
        entry.broken = True
        draft.report([name.problem(str(error))])
        value = text_of(name) if name.plain else ""
    entry.values[section.by] = value
    entry.code = f"{entry.parent.code}.{value}" if entry.parent else value


def _read_fields(draft: Draft, section: Section, entry: Entry, rank: int, today: date) -> None:
    known, content = section.fields(), entry.node
    if not isinstance(content, Table):
        return
    for key, name in content.keys.items():
        if key not in section.known():
            entry.broken = True
            draft.report([name.problem(f"« {key} » n’est pas connu ici : {hint(key, section.known())}")])
    for key, one in known.items():
        given = content.values.get(key)
        value: Any = one.default
        if given is not None and (given.plain is not None or one.required):
            result = _value(one, given, today)
            if isinstance(result, Read):
                value = result.value
            else:
                _misread(entry, one)
                draft.report(result)
        elif one.required:
            _misread(entry, one)
            draft.report([content.problem(f"il manque « {key} » ({one.label}) : ajoutez cette ligne.")])
        if one.attribute is None:
            entry.extras[key] = value
            continue
        if one.attribute.name == "position" and given is None:
            value = rank
        entry.values[one.attribute.name] = value


def _misread(entry: Entry, one: Field) -> None:
    entry.broken = True
    if one.attribute is not None:
        entry.misread.add(one.attribute.name)


@dataclass(frozen=True, slots=True)
class Read:
    """A value that was read."""

    value: Any


def _value(one: Field, node: Node, today: date) -> Read | list[Problem]:
    """The value of a key, or all that is wrong with it."""
    if one.several is not None:
        return _structs(one.several, node)
    try:
        value = one.read(node)
        if one.attribute is not None:
            if isinstance(value, str) and one.attribute.length and len(value) > one.attribute.length:
                raise Misread(f"ce texte dépasse {one.attribute.length} caractères : raccourcissez-le.")
            for check in one.attribute.checks:
                value = check(value, today)
    except (Misread, BadValue) as error:
        return [node.named_in(str(error)).problem(f"{one.label} : {error}")]
    return Read(value)


def _structs(made: Any, node: Node) -> Read | list[Problem]:
    """A list of small tables: (instance, node) pairs, so that later checks can point at them."""
    if not isinstance(node, Listing):
        return [node.problem("il faut ici une liste, chaque entrée après un tiret.")]
    found: list[tuple[Any, Node]] = []
    problems: list[Problem] = []
    for item in node.items:
        if not isinstance(item, Table):
            problems.append(item.problem("il faut ici des clés et leurs valeurs."))
            continue
        known = struct_fields(made)
        wrong = list(_struct_problems(item, known))
        values: dict[str, Any] = {}
        for key, one in known.items():
            given = item.values.get(key)
            if given is None or (given.plain is None and not one.required):
                values[struct_name(made, key)] = one.default
                continue
            result = _value(one, given, date.min)
            if isinstance(result, Read):
                values[struct_name(made, key)] = result.value
            else:
                wrong.extend(result)
        problems.extend(wrong)
        if not wrong:
            found.append((made(**values), item))
    return problems or Read(found)


def _struct_problems(item: Table, known: dict[str, Field]) -> Iterator[Problem]:
    for key, name in item.keys.items():
        if key not in known:
            yield name.problem(f"« {key} » n’est pas connu ici : {hint(key, known)}")
    for key, one in known.items():
        if one.required and key not in item.values:
            yield item.problem(f"il manque « {key} » ({one.label}) : ajoutez cette ligne.")


def _read_town(draft: Draft) -> None:
    """The settings: the names and types of ``Town``; amounts in euros."""
    node = draft.tree.values.get(TOWN)
    if not isinstance(node, Table):
        where = node or draft.tree
        draft.report([where.problem("il manque la rubrique « town », avec le nom de la ville.")])
        return
    known = {one.name.removesuffix("_cents"): one for one in fields(Town)}
    for key, name in node.keys.items():
        if key not in known:
            draft.report([name.problem(f"« {key} » n’est pas un réglage connu : {hint(key, known)}")])
            continue
        one, given = known[key], node.values[key]
        try:
            if one.name.endswith("_cents"):
                value = str(read_cents(given))
            elif isinstance(one.default, int):
                value = str(_whole(given))
            else:
                value = text_of(given)
            if wrong := problem_of(one.name, value):
                raise Misread(wrong[:1].lower() + wrong[1:])
        except Misread as error:
            draft.report([given.problem(f"{LABELS[one.name]} : {error}")])
            continue
        draft.entries.append(
            Entry(
                Setting,
                one.name,
                given,
                ("key",),
                {"key": one.name, "label": LABELS[one.name], "value": value},
            )
        )


def _whole(node: Node) -> int:
    text = text_of(node)
    if not text.isdecimal():
        raise Misread(f"« {text} » n’est pas un nombre entier. Écrivez par exemple 72.")
    return int(text)


def _resolve(draft: Draft) -> None:
    """Turn each reference into the entry it names; one that leads nowhere is a problem."""
    by_entity: dict[str, dict[str, Entry]] = {}
    for entry in list(draft.entries):
        for name, value in entry.values.items():
            if not isinstance(value, Ref):
                continue
            known = by_entity.setdefault(value.entity, draft.codes(value.entity))
            if value.code in known:
                entry.values[name] = known[value.code]
                continue
            entry.broken = True
            entry.misread.add(name)
            entry.values[name] = None
            section = next((one for one in SECTIONS if one.entity.__name__ == value.entity), None)
            where = section.key if section else "units"
            draft.report(
                [
                    value.node.problem(
                        f"« {value.code} » n’existe pas dans « {where} » : {hint(value.code, known)}"
                    )
                ]
            )
