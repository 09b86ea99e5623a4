"""Screens made from declarations: list, search, show, add, edit, delete, related tabs, export.

``screens.py`` holds the two pages of every entity (staff, family); the rest is what they are made
of, each on its own: ``naming`` (a row's words), ``cells`` (a value's words), ``listing`` and
``filters`` (a list), ``fields`` and ``forms`` (a form), ``related`` and ``history`` (the tabs).
Nothing is kept between two requests but the declarations: see decision 0002.
"""
