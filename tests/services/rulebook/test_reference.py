"""docs/rulebook.md can't drift: its reference is what the code reads."""

from pathlib import Path

import pytest

from app.services.rulebook import reference
from app.services.rulebook.sections import SECTIONS

DOCUMENT = Path("docs/rulebook.md")


def test_the_document_ends_with_the_reference() -> None:
    assert DOCUMENT.read_text(encoding="utf-8").endswith(reference()), (
        "replace what follows the mark in docs/rulebook.md by what « flask rulebook reference » writes"
    )


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_every_key_of_a_section_has_words(section: object) -> None:
    from app.services.rulebook.schema import Section

    assert isinstance(section, Section)
    for one in section.fields().values():
        assert one.label, f"{section.key}.{one.key}"
