"""Benches: ``python -m bench --families 200 1000`` measures on a seeded town and prints JSON.

A bench is a function of ten lines in ``bench/benches/``, registered by ``@bench("its name")``.
"""
