from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from redflags import resources
from redflags.errors import RedflagsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FINDERS = [(resources.rules_dir, "rules"), (resources.sample_data_dir, "sample_data")]


@pytest.mark.parametrize(("find", "name"), FINDERS)
def test_a_wheel_carries_them_inside_the_package(tmp_path: Path, find: Callable[[Path], Path], name: str) -> None:
    package = tmp_path / "redflags"
    (package / "_shipped" / name).mkdir(parents=True)
    assert find(package) == package / "_shipped" / name


@pytest.mark.parametrize(("find", "name"), FINDERS)
def test_a_checkout_has_them_beside_the_package(tmp_path: Path, find: Callable[[Path], Path], name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert find(tmp_path / "redflags") == tmp_path / name


@pytest.mark.parametrize(("find", "name"), FINDERS)
def test_a_stranger_s_folder_beside_an_installed_package_is_not_taken(
    tmp_path: Path, find: Callable[[Path], Path], name: str
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(RedflagsError, match="install redflags again"):
        find(tmp_path / "redflags")


def test_mappings_are_part_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    assert resources.mappings_dir(tmp_path) == tmp_path / "mappings"
    with pytest.raises(RedflagsError, match="mappings were not found"):
        resources.mappings_dir(tmp_path / "elsewhere")
