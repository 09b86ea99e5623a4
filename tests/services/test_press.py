"""PDFs: what making one changes for the rest of the process."""

from io import BytesIO

import pytest
from flask import Flask
from PIL import Image

from app.services import files, press
from app.services.files import RefusedFile


def test_a_broken_photo_is_still_refused_once_a_pdf_was_made(app: Flask) -> None:
    whole = BytesIO()
    Image.effect_noise((400, 400), 90).convert("RGB").save(whole, "JPEG")
    assert press.pdf_of("<p>Bonjour</p>", "css/reglement.css").startswith(b"%PDF")
    with pytest.raises(RefusedFile, match="abîmée"):
        files.redraw(whole.getvalue()[:4000], "image/jpeg")
