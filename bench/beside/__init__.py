"""The same page, over the same rows, made by us and by stock Flask-AppBuilder: side by side.

``python -m bench --only beside`` prints, for each page, what each of the two takes and how many times
ours the other takes. Each is measured in a process of its own: two Flask-AppBuilders share their models.
"""
