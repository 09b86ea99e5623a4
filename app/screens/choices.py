"""Fields that choose among what the town has now: what was chosen once and is gone since is shown, and told.

A stored code that is no longer offered stays a checked choice until somebody takes it away: never dropped in
silence, which would widen what it narrowed, nor replaced by the first of the list.
"""

from collections.abc import Iterable
from typing import Any

from wtforms import Form, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from app.rules.words import joined

TOUCHED = 8
"""Beyond so many words, one searches rather than touches."""
Pairs = Iterable[tuple[str, str]]


def choices(pairs: Pairs) -> list[SelectChoice]:
    """Pairs of a code and its words, as WTForms takes them."""
    return [SelectChoice(code, words) for code, words in pairs]


class SomeOf(SelectMultipleField):
    """Several of some: touched one by one, or searched where they are many."""

    def __init__(self, *args: Any, pairs: Pairs = (), **kwargs: Any) -> None:
        found = tuple(pairs)
        kw = {"data-choices": ""} if len(found) > TOUCHED else {}
        super().__init__(*args, choices=choices(found), validate_choice=False, render_kw=kw, **kwargs)
        self.known, self.offered = {code for code, _ in found}, choices(found)
        self.gone: list[str] = []

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Read it; what is chosen and no longer offered becomes a choice, to be seen and taken away."""
        super().process(*args, **kwargs)
        self.gone = [one for one in dict.fromkeys(self.data or ()) if one not in self.known]
        self.choices = [*self.offered, *_gone(self.gone)]

    def pre_validate(self, form: Form) -> None:
        """Refuse what is no longer offered."""
        _refuse(self.gone, "retirez")


class OneOf(SelectField):
    """One of some, or nothing."""

    def __init__(self, *args: Any, pairs: Pairs = (), empty: str | None = "", **kwargs: Any) -> None:
        first = () if empty is None else (("", empty),)
        found = (*first, *pairs)
        super().__init__(*args, choices=choices(found), validate_choice=False, **kwargs)
        self.known, self.offered = {code for code, _ in found}, choices(found)
        self.gone: list[str] = []

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Read it; what is chosen and no longer offered becomes a choice, to be seen and changed."""
        super().process(*args, **kwargs)
        self.gone = [self.data] if self.data and self.data not in self.known else []
        self.choices = [*self.offered, *_gone(self.gone)]

    def pre_validate(self, form: Form) -> None:
        """Refuse what is no longer offered."""
        _refuse(self.gone, "remplacez")


def _gone(codes: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(code, f"{code}, n’existe plus") for code in codes]


def _refuse(gone: list[str], what: str) -> None:
    if gone:
        named = joined(f"«\u00a0{one[:60]}\u00a0»" for one in gone)
        told = "n’existe plus" if len(gone) == 1 else "n’existent plus"
        raise ValidationError(f"{named} {told}\u00a0: {what}-{'le' if len(gone) == 1 else 'les'}.")
