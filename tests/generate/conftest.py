"""One bank for all tests of the generator, and its account view."""

from __future__ import annotations

import pytest

from redflags.generate import generate_bank
from tests.generate.signs import View


@pytest.fixture(scope="session")
def bank():
    return generate_bank()


@pytest.fixture(scope="session")
def view(bank):
    return View(bank)
