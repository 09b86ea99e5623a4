"""docs/coverage.md: what the rulebooks of 36 towns say of what these towns publish, counted by tag.

``python -m tests.support.coverage`` writes it again from tests/rulebooks.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from app.models import Rule
from app.services.rulebook import Checked, check

FOLDER = Path("tests/rulebooks")
PAGE = Path("docs/coverage.md")
TODAY = date(2026, 11, 27)
TAGS = {
    "DL": "Délais et fenêtres",
    "COMP": "Composition",
    "PRIO": "Priorités",
    "CAP": "Places",
    "DOC": "Pièces",
    "TWO": "S’inscrire, puis réserver",
    "ADMISSION": "Âge",
    "APPROVAL": "Accord du service",
    "ABS": "Nombre d’annulations",
    "MAJ": "Réservation tardive",
}


@dataclass(frozen=True)
class Fact:
    """One thing that a town publishes, the codes that say it in its file, and why it is not said whole."""

    town: str
    tag: str
    fact: str
    by: tuple[str, ...]
    built_in: str = ""
    missing: str = ""

    @property
    def is_said(self) -> bool:
        """Whether all of it is."""
        return not self.missing


def file_of(town: str) -> Path:
    """A town's rulebook; the first town's is the one that the product ships."""
    return Path("communes/le-touvet.yaml") if town == "le-touvet" else FOLDER / f"{town}.yaml"


@cache
def facts() -> tuple[Fact, ...]:
    """Every fact, in the order of the file."""
    told = YAML(typ="safe").load(FOLDER / "coverage.yaml")
    return tuple(
        Fact(town, one["tag"], one["fact"], tuple(one["by"]), one.get("built_in", ""), one.get("not", ""))
        for town, several in told.items()
        for one in several
    )


@cache
def towns() -> tuple[str, ...]:
    """The towns, by name."""
    return tuple(sorted(YAML(typ="safe").load(FOLDER / "coverage.yaml")))


@cache
def written() -> tuple[str, ...]:
    """Those towns and the ones whose facts are not counted: every file that there is, by name."""
    files = {one.stem for one in FOLDER.glob("*.yaml")} - {"coverage"}
    return tuple(sorted(files | set(towns())))


@cache
def checked(town: str) -> Checked:
    """A town's file, read and tried."""
    return check(file_of(town), TODAY)


def page() -> str:
    """The text of docs/coverage.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    every = facts()
    said = [one for one in every if one.is_said]
    rules = sum(len(checked(town).draft.of(Rule)) for town in towns())
    examples = sum(checked(town).counts().get("Example", 0) for town in towns())
    yield "# What 36 towns publish, and what their files say of it"
    yield ""
    yield (
        "Written by `python -m tests.support.coverage` from `tests/rulebooks`; "
        "held by `tests/rulebooks/test_towns.py`."
    )
    yield ""
    yield (
        f"{len(every)} facts on notices, composition, windows, capacity, priority, registration and papers; "
        f"{len(said)} are said whole ({100 * len(said) / len(every):.0f} %), with {rules} rules, no code of "
        f"a town's own, and {examples} worked examples, all green. What towns publish on tariffs, bills and "
        "absences comes with these."
    )
    yield ""
    yield "| tag | what | facts | said | not said |"
    yield "|---|---|---|---|---|"
    by_tag: dict[str, list[Fact]] = defaultdict(list)
    for one in every:
        by_tag[one.tag].append(one)
    for tag in sorted(by_tag):
        several = by_tag[tag]
        count = sum(one.is_said for one in several)
        what = TAGS[tag.partition("_")[0]]
        yield f"| `{tag}` | {what} | {len(several)} | {count} | {len(several) - count or ''} |"
    yield ""
    yield "## Not said, or not whole"
    yield ""
    for one in every:
        if not one.is_said:
            yield f"- {one.town}, `{one.tag}` ({one.fact}): {one.missing}."
    yield ""
    yield "## Which kinds say what"
    yield ""
    yield "| kind | rules | towns | what it says there |"
    yield "|---|---|---|---|"
    yield from _kinds()
    yield ""
    yield "## Town by town"
    for town in towns():
        yield ""
        yield f"### {town}"
        yield ""
        mine = [one for one in every if one.town == town]
        if not mine:
            yield "Publishes tariffs, bills or absences alone."
        for one in mine:
            by = ", ".join(f"`{code}`" for code in one.by)
            how = "; ".join(part for part in (by, one.built_in and f"built in: {one.built_in}") if part)
            yield f"- `{one.tag}` {one.fact}: {how}{'' if one.is_said else f' (not: {one.missing})'}"


def _kinds() -> Iterator[str]:
    used: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for town in towns():
        for entry in checked(town).draft.of(Rule):
            used[entry.values["rule_kind"]].append((town, entry.code))
    told: dict[str, list[str]] = defaultdict(list)
    kind_of = {
        (town, entry.code): entry.values["rule_kind"]
        for town in towns()
        for entry in checked(town).draft.of(Rule)
    }
    for one in facts():
        for code in one.by:
            kind = kind_of.get((one.town, code))
            if kind is not None and one.fact not in told[kind]:
                told[kind].append(one.fact)
    for kind in sorted(used, key=lambda kind: (-len(used[kind]), kind)):
        places = {town for town, _ in used[kind]}
        yield f"| `{kind}` | {len(used[kind])} | {len(places)} | {'; '.join(told[kind][:3])} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
