"""Screens made from declarations: list, search, show, add, edit, delete, related tabs, export.

``staff`` and ``family`` are the two pages of every entity (``screen``: what they share;
``writing``: the doors that write; ``making``: their classes and addresses); the rest is what they
are made of: ``naming`` (a row's words), ``cells`` (a value's words), ``listing`` and
``filters`` (a list), ``fields``, ``forms``, ``offering``
and ``inline`` (a form, and its parts' lines), ``related`` and ``history`` (the tabs).
Nothing is kept between two requests but the declarations: see decision 0002.
"""
