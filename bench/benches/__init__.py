"""The benches, a module a subject; each is found by itself."""
