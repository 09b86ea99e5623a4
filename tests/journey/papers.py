"""Small real PDF files, as a parent has them; and the text of those that Marelle makes."""

import re
from pathlib import Path

import pikepdf
from pypdf import PdfReader

A4 = (0, 0, 595, 842)


def write_paper(path: Path, title: str, *lines: str) -> Path:
    """One A4 page that says that, at ``path``."""
    with pikepdf.new() as pdf:
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page = pikepdf.Page(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Page,
                MediaBox=pikepdf.Array(A4),
                Resources=pdf.make_indirect(resources),
                Contents=pdf.make_stream(_words(title, lines)),
            )
        )
        pdf.pages.append(page)
        pdf.save(path)
    return path


def _words(title: str, lines: tuple[str, ...]) -> bytes:
    shown = [f"BT /F1 20 Tf 60 760 Td ({title}) Tj ET"]
    shown += [f"BT /F1 12 Tf 60 {720 - 20 * rank} Td ({line}) Tj ET" for rank, line in enumerate(lines)]
    return "\n".join(shown).encode("cp1252")


def text_of(path: Path) -> str:
    """The words of a PDF, every kind of space and line end made one plain space."""
    words = " ".join(page.extract_text() for page in PdfReader(path).pages)
    return re.sub(r"\s+", " ", words)
