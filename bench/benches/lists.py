"""Generated screens: lists of thousands of rows."""

from bench.registry import Work, bench
from bench.town import Town


@bench("generated list", cpu_ms=100, statements=12)
def generated_list(town: Town) -> Work | None:
    """The first page of the list of households, as the secretary sees it."""
    client = town.staff()
    if client.get("/service/familles/").status_code == 404:
        return None  # no generated screen yet
    return lambda: client.get("/service/familles/")
