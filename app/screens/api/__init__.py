"""The JSON API: every entity, from its declarations, its scope and the rights of who shows a token.

``door`` says who is asking, ``pages`` has the doors, ``reading`` and ``bodies`` refuse what is not
understood, ``fields`` and ``values`` say each kind of value in JSON, ``problems`` says what went
wrong, ``description`` tells all of it as OpenAPI. See docs/api.md.
"""
