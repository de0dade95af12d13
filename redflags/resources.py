"""Where the shipped rule book, sample data and mappings stand.

In a checkout (and an editable install) `rules/` and `sample_data/` lie beside the package, where people edit
them. In an installed wheel they travel inside the package as `_shipped`. Everything else asks here.
"""

from __future__ import annotations

from pathlib import Path

from redflags.errors import RedflagsError

_PACKAGE = Path(__file__).resolve().parent


def _find(name: str, package: Path) -> Path:
    # Shipped first: beside an installed package lies site-packages, whose `rules` would be a stranger's.
    shipped = package / "_shipped" / name
    if shipped.is_dir():
        return shipped
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise RedflagsError(
        f"the shipped {name}/ was found neither at {shipped} nor at {checkout / name}; "
        "install redflags again, or run it from a complete checkout"
    )


def shown_path(path: Path) -> str:
    """A path as short as it can be said: from the current folder where it lies inside.

    Example:
        >>> shown_path(Path.cwd() / "cash.yaml")
        'cash.yaml'
    """
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def rules_dir(package: Path = _PACKAGE) -> Path:
    """The shipped rule book: rules, lists, profiles, policies, streams.

    Args:
        package: Folder of the `redflags` package, where it is not this one.

    Raises:
        RedflagsError: When the rule book is in neither place.

    Example:
        >>> (rules_dir() / "lists").is_dir()
        True
    """
    return _find("rules", package)


def sample_data_dir(package: Path = _PACKAGE) -> Path:
    """The shipped sample data, one folder per data set.

    Args:
        package: Folder of the `redflags` package, where it is not this one.

    Raises:
        RedflagsError: When the sample data is in neither place.
    """
    return _find("sample_data", package)


def mappings_dir(package: Path = _PACKAGE) -> Path:
    """The shipped mappings of foreign layouts, one YAML file each.

    Args:
        package: Folder of the `redflags` package, where it is not this one.

    Raises:
        RedflagsError: When the package is incomplete.

    Example:
        >>> mappings_dir().name
        'mappings'
    """
    folder = package / "mappings"
    if not folder.is_dir():
        raise RedflagsError(f"the shipped mappings were not found at {folder}; install redflags again")
    return folder
