"""What every journey starts from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey.house import House, keeping_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A merchant with everything set up, and no products yet."""
    with keeping_house(tmp_path) as found:
        yield found
