"""Floor 5, what people see: generated screens (``builder``) and the few made by hand."""
