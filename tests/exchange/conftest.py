import pytest
from support.codebooks import every_kind

from toolkit.codebook import Codebook


@pytest.fixture(scope="session")
def book() -> Codebook:
    """A codebook with every kind of question, and conditions on one and on two others."""
    return every_kind()
