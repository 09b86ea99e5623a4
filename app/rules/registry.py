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

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import datetime
from string import Formatter
from types import MappingProxyType
from typing import Any, Protocol, TypeGuard, TypeVar, get_type_hints, runtime_checkable

from app.rules.calendar import Calendar
from app.rules.facts import Action, Covers, Names, Plan, Slot
from app.rules.values import Misread, Shape, Untyped, hint, shape_of
from app.rules.verdict import Refusal
from app.rules.words import french, number_words, sentence

NO_NAMES: Names = MappingProxyType({})
YAML_TRAPS = frozenset({"on", "off", "yes", "no", "y", "n"})  # YAML 1.1 reads these keys as true or false


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


@runtime_checkable
class SelfChecking(Protocol):
    """A kind may check its parameters against each other."""

    def problems(self) -> Iterator[BadParameter]: ...


class Opening(Protocol):
    """What a window kind does besides: give the instant before which it is too soon; None: it depends."""

    def opening(self, slot: Slot) -> datetime | None: ...


def is_opening(rule: object) -> TypeGuard[Opening]:
    """Whether a rule says from when, by its name as above."""
    return hasattr(rule, "opening")


class BadKind(TypeError):
    """A rule kind is declared wrong; the message says where and what to write instead."""


@dataclass(frozen=True, slots=True)
class BadParameter:
    """One thing wrong in a rule as written: which parameter, and a French sentence that names the remedy."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kind, all that a form or a documentation page needs. `type` is the Python
    annotation.
    """

    name: str
    type: object
    label: str
    shape: Shape
    required: bool
    default: Any = None
    help: str = ""
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of rule: its code in the file, its French title, the sentence that its rules read as."""

    code: str
    title: str
    says: str
    made: type[Any]
    parameters: tuple[Parameter, ...]

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


def param(
    label: str,
    *,
    help: str = "",
    unit: str = "",
    minimum: int | None = None,
    maximum: int | None = None,
    labels: Mapping[str, str] | None = None,
    default: Any = MISSING,
) -> Any:
    """Declare a parameter: its French label, and what its form shows. `labels` are the words of a Literal's
    choices.
    """
    metadata = {
        "label": label,
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "labels": labels or {},
    }
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def kind(code: str, *, title: str = "", says: str) -> Callable[[type[Made]], type[Made]]:
    """Register a frozen dataclass as the rule kind `code`. Raises `BadKind` when its declaration
    contradicts itself.
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
        declared = tuple(_declared(made))
        known = {one.name for one in declared}
        for _, placeholder, _, _ in Formatter().parse(says):
            is_own = isinstance(getattr(made, placeholder or "", None), property)
            if placeholder and placeholder not in known and not is_own:
                raise BadKind(f"{made.__name__} says {{{placeholder}}}: no parameter, no property.")
        _KINDS[code] = _MADE[made] = Kind(code, title or code, says, made, declared)
        return made

    return register


def _declared(made: type[Any]) -> Iterator[Parameter]:
    hints = get_type_hints(made)
    # What a kind adds comes before what it shares with others: the order of its form.
    for one in sorted(fields(made), key=lambda one: one.name not in made.__annotations__):
        if "label" not in one.metadata:
            raise BadKind(f"{made.__name__}.{one.name} has no label: declare it with param('...').")
        if one.name in YAML_TRAPS:
            raise BadKind(f"{made.__name__}.{one.name}: YAML reads it as true or false; choose another name.")
        try:
            shape = shape_of(hints[one.name], one.metadata["labels"])
        except Untyped as error:
            raise BadKind(f"{made.__name__}.{one.name}: {error}") from None
        required = one.default is MISSING
        yield Parameter(
            one.name,
            hints[one.name],
            shape=shape,
            required=required,
            default=None if required else one.default,
            **one.metadata,
        )


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


def build(code: str, values: Mapping[str, object], units: Collection[str] | None = None) -> Built:
    """Read a rule from plain values. `units`, when given, are the codes that units may have.

    Either the rule or every error, never an exception: an unknown kind, an unknown or missing parameter, a
    value of the wrong type or out of bounds, an unknown unit, then what the kind itself finds wrong.
    """
    found = _KINDS.get(code)
    if found is None:
        return _badly_built(
            [BadParameter("kind", f"La règle « {code} » n’existe pas : {hint(code, _KINDS)}")]
        )
    known = {one.name: one for one in found.parameters}
    errors = [
        BadParameter(str(name), f"« {name} » n’est pas un paramètre connu : {hint(str(name), known)}")
        for name in values
        if name not in known
    ]
    read: dict[str, Any] = {}
    for one in found.parameters:
        if one.name in values and not (values[one.name] is None and not one.shape.optional):
            try:
                read[one.name] = _read(one, values[one.name], units)
            except Misread as error:
                errors.append(BadParameter(one.name, f"{one.label} ({one.name}) : {error}"))
        elif one.required:
            errors.append(
                BadParameter(one.name, f"{one.label} : ajoutez « {one.name} », qui est obligatoire.")
            )
    if errors:
        return _badly_built(errors)
    rule = found.made(**read)
    problems = tuple(rule.problems()) if isinstance(rule, SelfChecking) else ()
    return _badly_built(problems) if problems else Built(rule)


def _badly_built(errors: Iterable[BadParameter]) -> Built:
    return Built(None, tuple(BadParameter(one.name, french(one.message)) for one in errors))


def _read(one: Parameter, value: object, units: Collection[str] | None) -> Any:
    read = one.shape.read(value)
    if isinstance(read, int) and not isinstance(read, bool) and one.shape.form == "integer":
        if one.minimum is not None and read < one.minimum:
            raise Misread(
                f"« {read} » est trop petit. Le plus petit possible est {number_words(one.minimum)}."
            )
        if one.maximum is not None and read > one.maximum:
            raise Misread(
                f"« {read} » est trop grand. Le plus grand possible est {number_words(one.maximum)}."
            )
    if units is not None and one.shape.form == "unit":
        for code in sorted(_flat(read)) if one.shape.many else [read]:
            if code is not None and code not in units:
                raise Misread(f"l’unité « {code} » n’existe pas : {hint(code, units)}")
    return read


def _flat(values: frozenset[Any]) -> Iterator[Any]:
    """The values of a set, or of a set of sets."""
    for value in values:
        if isinstance(value, frozenset):
            yield from value
        else:
            yield value


def dump(rule: Rule) -> dict[str, object]:
    """The rule's parameters as plain values, all of them but those that are empty: `build(code,
    dump(rule))` gives it back.
    """
    pairs = ((one, getattr(rule, one.name)) for one in kind_of(rule).parameters)
    return {
        one.name: one.shape.dump(value) for one, value in pairs if not (value is None and one.default is None)
    }


def describe(rule: Rule, names: Names = NO_NAMES) -> str:
    """The rule in a French sentence, its units named by `names`."""
    found = kind_of(rule)
    said = {one.name: one.shape.say(getattr(rule, one.name), names) for one in found.parameters}
    placeholders = {name for _, name, _, _ in Formatter().parse(found.says) if name}
    own = {name: str(getattr(rule, name)) for name in placeholders - said.keys()}
    return french(sentence(found.says.format(**said, **own)))
