"""The reference of the rulebook, in French, derived from what reads it: every section, key and rule kind."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from app.declare import Choice, Kind
from app.rules import (
    examples,
    kinds,  # noqa: F401  (registers them)
)
from app.rules.parameters import Parameter
from app.rules.registry import build, describe
from app.rules.registry import kinds as rule_kinds
from app.services.rulebook.schema import Field, Section, struct_fields
from app.services.rulebook.sections import SECTIONS
from app.services.settings import LABELS, Town

WRITTEN = {
    Kind.INTEGER: "nombre entier",
    Kind.DECIMAL: "euros",
    Kind.CENTS: "euros",
    Kind.BOOLEAN: "oui ou non",
    Kind.DATE: "date (2026-09-01)",
    Kind.TIME: "heure (7:30)",
    Kind.JSON: "liste ou tableau",
}
FORMS = {
    "integer": "nombre entier",
    "decimal": "euros",
    "yes_no": "oui ou non",
    "date": "date (2026-09-01)",
    "hour": "heure (7:30)",
    "age": "âge (8 ans, 30 mois)",
    "moment": "jour et heure (2026-09-11 09:00)",
    "squares": "unité et jours : `{cantine.repas: 2026-09-14}`, `[2026-09-14, 2026-09-21]` ou "
    "`2026-09-14 au 2026-09-18` ; avec le moment : `{2026-09-14: 2026-09-01 08:00}`",
    "counts": "unité et nombre : `{cantine.repas: 48}`",
    "unit": "un code d’unité (`cantine.repas`)",
    "activity": "un code d’activité",
    "document": "un code de pièce",
    "answer": "un code de question",
    "group": "un nom de groupe",
    "level": "une classe (`cp`)",
    "school": "un code d’école",
    "rule": "un code de règle, ou `closed`, `past`, `registration`, `ages`, `capacity`",
}


def reference() -> str:
    """Markdown: a table a section, then the rule kinds."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield "### `town` : Réglages de la ville"
    yield ""
    yield from _head()
    for one in fields(Town):
        shown = "" if one.default == "" else f"d’office : {_plain(one)}"
        yield f"| `{one.name.removesuffix('_cents')}` | {LABELS[one.name]} | | {shown} |"
    for section in SECTIONS:
        yield from _section(section, "###")
    yield ""
    yield "### Sortes de règles (`kind`), avec leurs `parameters`"
    for code, kind in rule_kinds().items():
        yield ""
        yield f"#### `{code}` : {kind.title}"
        yield ""
        if kind.parameters:
            yield from _head()
            yield from map(_parameter, kind.parameters)
            yield ""
        rule = build(code, kind.example).rule
        if rule is not None:
            yield f"`{{kind: {code}, parameters: {_flow(kind.example)}}}` se lit : « {describe(rule)} »"


def _parameter(one: Parameter) -> str:
    must = "oui" if one.required else ""
    choices = ", ".join(
        f"`{word}`" + (f" ({one.labels[word]})" if word in one.labels else "") for word in one.shape.choices
    )
    written = choices or FORMS.get(one.shape.form, "")
    return f"| `{one.name}` | {one.label} | {must} | {_joined(written, one.help)} |"


def _flow(value: object) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return "oui" if value else "non"
    return f'"{value}"' if ":" in str(value) else str(value)


def _head() -> Iterator[str]:
    yield "| clé | ce que c’est | obligatoire | valeurs |"
    yield "|---|---|---|---|"


def _section(section: Section, level: str) -> Iterator[str]:
    yield ""
    yield f"{level} `{section.key}` : {section.label}"
    yield ""
    if not section.by:
        yield "Une liste : chaque entrée après un tiret."
    elif section.by == "name":
        yield "Un tableau : le nom, puis ce qui suit."
    else:
        yield "Un tableau : le code, puis ce qui suit."
    yield ""
    if section.whole:
        yield from _examples()
        return
    yield from _head()
    several: list[tuple[str, Any]] = []
    for one in section.fields().values():
        if one.several is not None:
            several.append((one.key, one.several))
        yield _row(one)
    for child in section.children:
        yield f"| `{child.key}` | {child.label} | | voir plus bas |"
    for key, made in several:
        yield ""
        yield f"Chaque entrée de `{key}` :"
        yield ""
        yield from _head()
        yield from map(_row, struct_fields(made).values())
    for child in section.children:
        yield from _section(child, "####")


def _examples() -> Iterator[str]:
    yield from _head()
    yield from map(_parameter, examples.PARAMETERS)
    yield f"| `{examples.EXPECT}` | Ce qui est attendu | oui | voir plus bas |"
    yield ""
    yield f"Sous `{examples.EXPECT}` :"
    yield ""
    yield from _head()
    yield from map(_parameter, examples.EXPECTED)


def _row(one: Field) -> str:
    return f"| `{one.key}` | {one.label} | {'oui' if one.required else ''} | {_values(one)} |"


def _values(one: Field) -> str:
    attribute = one.attribute
    if one.several is not None:
        return "une liste, voir plus bas"
    if attribute is None:
        return _joined(one.written, one.help)
    written = WRITTEN.get(attribute.kind or Kind.TEXT, "")
    if attribute.kind is Kind.CHOICE:
        choices: type[Choice] = attribute.python_type
        written = ", ".join(f"`{member.value}` ({member.label})" for member in choices)
    elif attribute.kind is Kind.RELATION:
        section = next(
            (found.key for found in SECTIONS if found.entity.__name__ == attribute.target), "units"
        )
        written = f"un code de `{section}`"
    elif attribute.name.endswith("_age_months"):
        written = "âge (3 ans, 30 mois)"
    return _joined(written, one.help)


def _joined(*parts: str) -> str:
    return ". ".join(part.rstrip(".") for part in parts if part).replace("|", "\\|")


def _plain(one: Any) -> str:
    return f"{one.default / 100:.2f} €".replace(".", ",") if one.name.endswith("_cents") else str(one.default)
