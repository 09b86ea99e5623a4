"""PDF from a template: one style sheet, one set of fonts a process; nothing is fetched from elsewhere."""

import atexit
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import current_app, render_template
from PIL import ImageFile


def pdf(template: str, style: str = "css/facture.css", **context: Any) -> bytes:
    """The template as PDF bytes. About 50 ms a page once the fonts are loaded."""
    return pdf_of(render_template(template, **context), style)


def pdf_of(page: str, style: str) -> bytes:
    """The page as PDF bytes."""
    from weasyprint import HTML  # loads Pango: only where a PDF is made

    # It asks Pillow, for the whole process, to draw broken images: a parent's torn photo must be refused.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    sheet, fonts, fetcher = _press(str(current_app.static_folder), style)
    document = HTML(string=page, url_fetcher=fetcher)
    return bytes(document.write_pdf(stylesheets=[sheet], font_config=fonts))


@lru_cache(maxsize=8)
def _press(static: str, style: str) -> tuple[Any, Any, Any]:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    folder = Path(static).resolve()

    class OwnFiles(URLFetcher):  # type: ignore[misc]  # the library is not typed
        """Reads files of our static folder, and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            path = Path(url.removeprefix("file://").partition("?")[0]).resolve()
            if not url.startswith("file:") or not path.is_relative_to(folder):
                raise ValueError(f"un PDF ne va rien chercher ailleurs : {url}")
            return super().fetch(url, headers)

    fonts, fetcher = FontConfiguration(), OwnFiles()
    atexit.register(_press.cache_clear)  # before the interpreter takes apart what frees the fonts
    return CSS(filename=str(folder / style), font_config=fonts, url_fetcher=fetcher), fonts, fetcher
