#!/usr/bin/env python3
"""Rebuild what app/static holds from npm: the sheet, the icon sprite, the vendored scripts.

Run by hand when a source in app/assets changes (`python app/assets/build.py`), then commit
the result: nothing is built when Marelle starts. Needs Node; works in a temporary folder.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

ASSETS = Path(__file__).resolve().parent
STATIC = ASSETS.parent / "static"
HTMX, TOM_SELECT = "2.0.11", "2.6.2"
PACKAGES = [
    "bootstrap@5.3.9",
    "sass@1.77.8",
    "bootstrap-icons@1.13.2",
    f"htmx.org@{HTMX}",
    f"tom-select@{TOM_SELECT}",
]


def sheet(modules: Path) -> None:
    """Compile scss/marelle.scss to css/marelle.css."""
    target = STATIC / "css" / "marelle.css"
    options = [f"--load-path={modules}", "--style=compressed", "--no-source-map", "--quiet-deps"]
    subprocess.run(
        [modules / ".bin" / "sass", *options, ASSETS / "scss" / "marelle.scss", target], check=True
    )


def sprite(modules: Path) -> None:
    """One file of symbols, `#i-NAME`, for the names in icons.txt."""
    symbols = []
    for name in sorted(set((ASSETS / "icons.txt").read_text().split())):
        svg = (modules / "bootstrap-icons" / "icons" / f"{name}.svg").read_text()
        inner = re.sub(r">\s+<", "><", re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)[1].strip())
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 16 16">{inner}</symbol>')
    comment = "<!-- Bootstrap Icons 1.13.2, (c) 2019-2024 The Bootstrap Authors, MIT licence -->"
    text = f'<svg xmlns="http://www.w3.org/2000/svg">{comment}\n' + "\n".join(symbols) + "\n</svg>\n"
    (STATIC / "img" / "icons.svg").write_text(text)


def scripts(modules: Path) -> None:
    """Copy the two vendored scripts and their licences, without their source map's address."""
    vendor = STATIC / "vendor"
    popular = modules / "tom-select" / "dist" / "js" / "tom-select.popular.min.js"
    text = re.sub(r"^//# sourceMappingURL=.*$", "", popular.read_text(), flags=re.MULTILINE)
    (vendor / f"tom-select-{TOM_SELECT}.popular.min.js").write_text(text)
    shutil.copy(modules / "tom-select" / "LICENSE", vendor / "tom-select-LICENSE.txt")
    shutil.copy(modules / "htmx.org" / "dist" / "htmx.min.js", vendor / f"htmx-{HTMX}.min.js")
    shutil.copy(modules / "htmx.org" / "LICENSE", vendor / "htmx-LICENSE.txt")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "install", "--no-save", "--silent", *PACKAGES], cwd=folder, check=True)
        modules = Path(folder) / "node_modules"
        sheet(modules)
        sprite(modules)
        scripts(modules)


if __name__ == "__main__":
    main()
