"""French spaces are set by the templates' reader, in words and nowhere else."""

import pytest
from flask import Flask, render_template_string

from app.screens.typography import unbroken


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Une question ?", "Une question\u00a0?"),
        ("« À payer » : deux mots", "«\u00a0À payer\u00a0»\u00a0: deux mots"),
        ("4,32 €", "4,32\u00a0€"),
        (" : la suite", "\u00a0: la suite"),
        ('aria-label="Chercher : une famille"', 'aria-label="Chercher\u00a0: une famille"'),
        ("/factures/?annee=2026 :a", "/factures/?annee=2026 :a"),  # no word ends there
        ("a:hover", "a:hover"),
        ("http://example.org", "http://example.org"),
        ("\n  : seul", "\n  : seul"),
    ],
)
def test_a_space_before_a_sign_does_not_break(typed: str, printed: str) -> None:
    assert unbroken(typed) == printed


def test_the_words_and_the_strings_of_a_template_are_set(app: Flask) -> None:
    template = "{{ name }} : vu ? {{ 'Oui !' if name }}"
    with app.test_request_context():
        assert render_template_string(template, name="Lila") == "Lila\u00a0: vu\u00a0? Oui\u00a0!"
