"""What the documentation says is true: settings are all there, files named exist, links lead somewhere.

``python -m tests.test_docs`` writes docs/settings.md anew.
"""

import re
from pathlib import Path

import pytest

import config

ROOT = config.ROOT
SETTINGS_PAGE = ROOT / "docs" / "settings.md"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)\)")
NAMED = re.compile(r"`((?:app|docs|tests|bench|communes|migrations|scripts)/[\w./-]+)`")


def settings_page() -> str:
    """docs/settings.md, from what config.py says of each variable."""
    rows = [
        f"| `{one.name}` | {one.default or one.otherwise or 'rien'} | {one.says} |"
        for one in config.VARIABLES
    ]
    return "\n".join(
        [
            "# Les réglages du serveur",
            "",
            "Des variables d’environnement, lues au démarrage. Rien n’est obligatoire pour essayer.",
            "",
            "| variable | si rien n’est dit | ce qu’elle règle |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def test_every_setting_is_documented() -> None:
    assert SETTINGS_PAGE.read_text(encoding="utf-8") == settings_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_named_in_a_page_exist(page: Path) -> None:
    named = NAMED.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_no_file_of_ours_is_past_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "app").rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


if __name__ == "__main__":
    SETTINGS_PAGE.write_text(settings_page(), encoding="utf-8")
