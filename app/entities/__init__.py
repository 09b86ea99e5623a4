"""Floor 2, the data: one module a subject; ``app/models.py`` is its map."""
