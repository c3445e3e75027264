"""All platforms under contract, one line each, and what a promise is tried on."""

from collections.abc import Callable

import pytest

from tests.contract.connectors import brightpearl, lightspeed, square, woocommerce
from tests.contract.connectors.suite import Entry, SourceCase, TargetCase

ENTRIES: tuple[Entry, ...] = (
    brightpearl.ENTRY,
    lightspeed.ENTRY,
    square.ENTRY,
    woocommerce.ENTRY,
)


def every_platform(where: Callable[[Entry], bool] = lambda entry: True) -> pytest.MarkDecorator:
    """Try a promise on all platforms for which ``where`` holds, as ``entry``."""
    chosen = [pytest.param(one, id=one.offer.name) for one in ENTRIES if where(one)]
    return pytest.mark.parametrize("entry", chosen)


def every_source(where: Callable[[SourceCase], bool] = lambda case: True) -> pytest.MarkDecorator:
    """Try a promise on all kinds that platforms are sources of, as ``entry`` and ``case``."""
    chosen = [
        pytest.param(entry, case, id=f"{entry.offer.name}-{case.kind.value}")
        for entry in ENTRIES
        for case in entry.sources
        if where(case)
    ]
    return pytest.mark.parametrize(("entry", "case"), chosen)


def every_target(where: Callable[[TargetCase], bool] = lambda case: True) -> pytest.MarkDecorator:
    """Try a promise on all kinds that platforms are targets of, as ``entry`` and ``case``."""
    chosen = [
        pytest.param(entry, case, id=f"{entry.offer.name}-{case.kind.value}")
        for entry in ENTRIES
        for case in entry.targets
        if where(case)
    ]
    return pytest.mark.parametrize(("entry", "case"), chosen)
