"""Parameters: a frozen dataclass declares its fields with ``param``; its form, its YAML and its page of
documentation derive from them. Rule kinds and worked examples are read this way.

A value written wrong is told, never raised: ``fill`` gives what was read, or every ``BadParameter`` at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Protocol, get_type_hints, runtime_checkable

from app.rules.values import Misread, Shape, Untyped, hint, shape_of
from app.rules.words import french, number_words

YAML_TRAPS = frozenset({"on", "off", "yes", "no", "y", "n"})  # YAML 1.1 reads these keys as true or false

Known = Mapping[str, Collection[str]]
"""The codes that exist, by the form of what names them: "unit", "document", "rule"..."""
NOTHING_KNOWN: Known = MappingProxyType({})
"""Codes are not looked up: whatever is well written passes."""
CALLED = {
    "unit": "l’unité",
    "squares": "l’unité",
    "counts": "l’unité",
    "activity": "l’activité",
    "document": "la pièce",
    "answer": "la question",
    "group": "le groupe",
    "level": "la classe",
    "school": "l’école",
    "rule": "la règle",
}
SAME_CODES = {"squares": "unit", "counts": "unit"}


@runtime_checkable
class SelfChecking(Protocol):
    """What is declared so may check its parameters against each other."""

    def problems(self) -> Iterator[BadParameter]: ...


class BadKind(TypeError):
    """A declaration contradicts itself; the message says where and what to write instead."""


@dataclass(frozen=True, slots=True)
class BadParameter:
    """One thing wrong as written: which parameter, and a French sentence that names the remedy."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, all that a form or a documentation page needs. `type` is the Python annotation."""

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
    may_be_empty: bool = False


def param(
    label: str,
    *,
    help: str = "",
    unit: str = "",
    minimum: int | None = None,
    maximum: int | None = None,
    labels: Mapping[str, str] | None = None,
    may_be_empty: bool = False,
    default: Any = MISSING,
) -> Any:
    """Declare a parameter: its French label, and what its form shows. `labels` are the words of a Literal's
    choices; ``may_be_empty``: a list of nothing says something.
    """
    metadata = {
        "label": label,
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "labels": labels or {},
        "may_be_empty": may_be_empty,
    }
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def declared(made: type[Any]) -> tuple[Parameter, ...]:
    """The parameters of a dataclass, in the order of its form. Raises `BadKind`."""
    return tuple(_declared(made))


def _declared(made: type[Any]) -> Iterator[Parameter]:
    hints = get_type_hints(made)
    # What a class adds comes before what it shares with others: the order of its form.
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


@dataclass(frozen=True, slots=True)
class Filled:
    """What was read from plain values, or all that is wrong in them."""

    made: Any = None
    errors: tuple[BadParameter, ...] = ()


def fill(
    made: type[Any],
    parameters: Iterable[Parameter],
    values: Mapping[str, object],
    known: Known = NOTHING_KNOWN,
) -> Filled:
    """Read the dataclass from plain values. `known`, where it has a form, are the codes that exist.

    Either the value or every error, never an exception: an unknown or missing parameter, a value of the
    wrong type or out of bounds, an unknown code, then what the class itself finds wrong.
    """
    by_name = {one.name: one for one in parameters}
    errors = [
        BadParameter(str(name), f"« {name} » n’est pas un paramètre connu : {hint(str(name), by_name)}")
        for name in values
        if name not in by_name
    ]
    read: dict[str, Any] = {}
    for one in by_name.values():
        if one.name in values and not (values[one.name] is None and not one.shape.optional):
            try:
                read[one.name] = _read(one, values[one.name], known)
            except Misread as error:
                errors.append(BadParameter(one.name, f"{one.label} ({one.name}) : {error}"))
        elif one.required:
            errors.append(
                BadParameter(one.name, f"{one.label} : ajoutez « {one.name} », qui est obligatoire.")
            )
    if errors:
        return Filled(errors=in_french(errors))
    found = made(**read)
    problems = tuple(found.problems()) if isinstance(found, SelfChecking) else ()
    return Filled(errors=in_french(problems)) if problems else Filled(found)


def in_french(errors: Iterable[BadParameter]) -> tuple[BadParameter, ...]:
    """The errors with the spaces that French typography wants."""
    return tuple(BadParameter(one.name, french(one.message)) for one in errors)


def _read(one: Parameter, value: object, known: Known) -> Any:
    if one.may_be_empty and value in ([], (), frozenset()):
        return frozenset()
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
    form = one.shape.form
    if form == "text" and one.maximum is not None and read is not None and len(read) > one.maximum:
        raise Misread(f"ce texte est trop long : {number_words(one.maximum)} signes au plus.")
    codes = known.get(SAME_CODES.get(form, form))
    if codes is not None and read is not None:
        for code in _codes(read):
            if code not in codes:
                raise Misread(f"{CALLED[form]} « {code} » n’existe pas : {hint(code, codes)}")
    return read


def _codes(read: Any) -> Iterator[str]:
    """The codes in a value: one, those of a set, of a set of sets, or what a table is about."""
    if isinstance(read, str):
        yield read
    elif isinstance(read, frozenset):
        for one in sorted(read, key=str):
            yield from _codes(one)
    else:
        yield from read.codes


def plain(made: Any, parameters: Iterable[Parameter]) -> dict[str, object]:
    """What was read, as plain values, but for what is empty: ``fill`` gives it back."""
    pairs = ((one, getattr(made, one.name)) for one in parameters)
    return {
        one.name: one.shape.dump(value) for one, value in pairs if not (value is None and one.default is None)
    }
