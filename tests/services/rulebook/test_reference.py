"""docs/rulebook.md can't drift: its reference is what the code reads."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from app.models import Rule
from app.rules.registry import build, kinds
from app.services.rulebook import check_text, json_schema, reference
from app.services.rulebook.draft import Draft
from app.services.rulebook.sections import SECTIONS
from app.services.rulebook.source import parse
from app.services.rulebook.trials import failures

DOCUMENT = Path("docs/rulebook.md")
SCHEMA = Path("docs/rulebook.schema.json")
REAL = Path("communes/le-touvet.yaml").read_text(encoding="utf-8")


def test_the_document_ends_with_the_reference() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").endswith(reference()), (
        "replace what follows the mark in docs/rulebook.md by what « flask rulebook reference » writes"
    )


def test_the_short_file_of_the_document_is_sound_and_needs_each_of_its_rules() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    checked = check_text(text, date(2026, 11, 27))
    assert [str(one) for one in checked.problems] == []
    draft = checked.draft
    for rule in draft.of(Rule):
        less = Draft(draft.tree, [one for one in draft.entries if one is not rule])
        assert list(failures(less)), rule.code


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_every_key_of_a_section_has_words(section: object) -> None:
    from app.services.rulebook.schema import Section

    assert isinstance(section, Section)
    for one in section.fields().values():
        assert one.label, f"{section.key}.{one.key}"


def test_the_published_schema_is_what_the_code_reads() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json_schema(), (
        "write again docs/rulebook.schema.json with « flask rulebook schema »"
    )


def test_the_schema_takes_the_real_file_and_refuses_a_wrong_word() -> None:
    Draft202012Validator.check_schema(json_schema())
    schema = Draft202012Validator(json_schema())
    assert [one.message for one in schema.iter_errors(tree(REAL))] == []
    for before, after in (
        ("kind: canteen", "kind: canten"),
        ("counted: working", "counted: workin"),
        ("{days: 14, gate: booking}", "{dais: 14, gate: booking}"),
        ("at: 2026-09-01 10:00", "at: demain"),
        ("allowed: oui", "alowed: oui"),
    ):
        assert before in REAL
        assert list(schema.iter_errors(tree(REAL.replace(before, after, 1)))), after


def tree(text: str) -> object:
    return parse(text)[0].plain


def test_every_kind_shows_an_example_that_reads() -> None:
    for code, kind in kinds().items():
        assert build(code, kind.example).rule is not None, code
