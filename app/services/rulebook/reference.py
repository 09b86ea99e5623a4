"""The reference of the rulebook, in French, derived from what reads it: every section, key and rule kind."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from app.declare import Choice, Kind
from app.rules import kinds  # noqa: F401  (registers them)
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
        yield from _head()
        for parameter in kind.parameters:
            must = "oui" if parameter.required else ""
            choices = ", ".join(
                f"`{word}`" + (f" ({parameter.labels[word]})" if word in parameter.labels else "")
                for word in parameter.shape.choices
            )
            yield f"| `{parameter.name}` | {parameter.label} | {must} | {_joined(choices, parameter.help)} |"


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
