"""Rule kinds: a kind is a small frozen dataclass; its form, its YAML and its French sentence derive from
it.

@kind("requires", title="Ce qui va ensemble", says="{unit} se réserve avec {needs}.")
@dataclass(frozen=True, slots=True)
class Requires:
    unit: UnitCode = param("L’unité réservée")

`says` names parameters, or properties of the class that return text. A kind that contradicts itself stops
the import with `BadKind`. A rule written wrong is a value: `build` reports every `BadParameter` at once.
Import `app.rules.kinds` to have them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from string import Formatter
from types import MappingProxyType
from typing import Any, Protocol, TypeGuard, TypeVar

from app.rules.calendar import Calendar
from app.rules.facts import Action, Covers, Names, Plan, Slot
from app.rules.parameters import (
    NOTHING_KNOWN,
    BadKind,
    BadParameter,
    Known,
    Parameter,
    declared,
    fill,
    in_french,
    param,
    plain,
)
from app.rules.values import hint
from app.rules.verdict import Refusal
from app.rules.words import french, sentence

__all__ = [
    "BadKind", "BadParameter", "Built", "Kind", "Parameter", "Rule", "build", "describe", "dump",
    "is_limiting", "is_opening", "kind", "kind_of", "kinds", "out_of_its_reach", "param", "parameters",
]  # fmt: skip

NO_NAMES: Names = MappingProxyType({})


class Rule(Protocol):
    """What every kind does: say what it refuses in a plan, among the squares it covers. A pure function."""

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]: ...


class Limiting(Protocol):
    """What a notice kind does besides: give the first instant at which it is too late to book, or to
    cancel, a square; firmly, when what is late is not merely dearer or tolerated.
    """

    @property
    def is_firm(self) -> bool: ...

    def limit(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None: ...


def is_limiting(rule: object) -> TypeGuard[Limiting]:
    """Whether a rule has a limit, by its name: a Protocol’s own check is far slower."""
    return hasattr(rule, "limit")


class Opening(Protocol):
    """What a window kind does besides: give the instant before which it is too soon; None: it depends."""

    def opening(self, slot: Slot, calendar: Calendar) -> datetime | None: ...


def is_opening(rule: object) -> TypeGuard[Opening]:
    """Whether a rule says from when, by its name as above."""
    return hasattr(rule, "opening")


def out_of_its_reach(made: type[Any], units: object, weekdays: object) -> tuple[BadParameter, ...]:
    """What a row says that its kind does not look at: whoever reads it must not think that it counts.

    A kind says so with ``whole_activity``: it is about an activity, before any square is asked for.
    """
    if not getattr(made, "whole_activity", False):
        return ()
    given = (
        ("units", units, "Cette règle vaut pour toute l’activité : retirez les unités."),
        ("weekdays", weekdays, "Cette règle vaut pour tous les jours : retirez les jours de la semaine."),
    )
    return in_french(BadParameter(name, message) for name, value, message in given if value)


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of rule: its code in the file, its French title, the sentence that its rules read as."""

    code: str
    title: str
    says: str
    made: type[Any]
    parameters: tuple[Parameter, ...]
    example: Mapping[str, object]

    @property
    def promise(self) -> str:
        """What the kind does, from the first line of its class."""
        return (self.made.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Built:
    """A rule read from plain values, or all that is wrong in them."""

    rule: Rule | None
    errors: tuple[BadParameter, ...] = ()


Made = TypeVar("Made")
_KINDS: dict[str, Kind] = {}
_MADE: dict[type[Any], Kind] = {}


def kind(
    code: str, *, title: str = "", says: str, example: Mapping[str, object] | None = None
) -> Callable[[type[Made]], type[Made]]:
    """Register a frozen dataclass as the rule kind `code`; `example`: parameters to show. Raises `BadKind`
    when its declaration contradicts itself.
    """

    def register(made: type[Made]) -> type[Made]:
        if code in _KINDS:
            raise BadKind(
                f"Two kinds are called {code!r}: rename {made.__name__} or {_KINDS[code].made.__name__}."
            )
        if not is_dataclass(made) or not made.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise BadKind(f"{made.__name__} must be a dataclass(frozen=True), under @kind.")
        if not callable(getattr(made, "refusals", None)):
            raise BadKind(f"{made.__name__} must have refusals(self, plan, covers).")
        own = declared(made)
        known = {one.name for one in own}
        for _, placeholder, _, _ in Formatter().parse(says):
            is_own = isinstance(getattr(made, placeholder or "", None), property)
            if placeholder and placeholder not in known and not is_own:
                raise BadKind(f"{made.__name__} says {{{placeholder}}}: no parameter, no property.")
        _KINDS[code] = _MADE[made] = Kind(code, title or code, says, made, own, example or {})
        return made

    return register


def kinds() -> Mapping[str, Kind]:
    """Every kind by its code, in the order of the codes."""
    return {code: _KINDS[code] for code in sorted(_KINDS)}


def kind_of(rule: Rule) -> Kind:
    """The kind of a rule. Raises `LookupError` for an object whose class no kind registered."""
    found = _MADE.get(type(rule))
    if found is not None:
        return found
    raise LookupError(f"{type(rule).__name__} is no rule kind: declare it with @kind.")


def parameters(code: str) -> tuple[Parameter, ...]:
    """The parameters of a kind, in the order they are declared. Raises `KeyError` for an unknown code."""
    return _KINDS[code].parameters


def build(code: str, values: Mapping[str, object], known: Known = NOTHING_KNOWN) -> Built:
    """Read a rule from plain values. `known`, where it has a form, are the codes that exist.

    Either the rule or every error, never an exception: an unknown kind, then what ``fill`` tells.
    """
    found = _KINDS.get(code)
    if found is None:
        wrong = BadParameter("kind", f"La règle « {code} » n’existe pas : {hint(code, _KINDS)}")
        return Built(None, in_french([wrong]))
    filled = fill(found.made, found.parameters, values, known)
    return Built(filled.made, filled.errors)


def dump(rule: Rule) -> dict[str, object]:
    """The rule's parameters as plain values, all of them but those that are empty: `build(code,
    dump(rule))` gives it back.
    """
    return plain(rule, kind_of(rule).parameters)


def describe(rule: Rule, names: Names = NO_NAMES) -> str:
    """The rule in a French sentence, its units named by `names`."""
    found = kind_of(rule)
    said = {one.name: one.shape.say(getattr(rule, one.name), names) for one in found.parameters}
    placeholders = {name for _, name, _, _ in Formatter().parse(found.says) if name}
    own = {name: str(getattr(rule, name)) for name in placeholders - said.keys()}
    return french(sentence(found.says.format(**said, **own)))
