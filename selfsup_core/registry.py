"""Extension points: one decorator over one dict. A new data source, model or objective is one new file.

The modules of the folders of that name are imported at the first look-up, so a file only has to be there.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from selfsup_core.errors import SettingError
from selfsup_core.translation import tr

T = TypeVar("T")


def packages_named(folder: str) -> list[str]:
    """Dotted names of all packages of the core whose folder is called so, in a fixed order."""
    root = Path(__file__).parent
    places = [file.parent.relative_to(root).parts for file in root.rglob(f"{folder}/__init__.py")]
    return [".".join((root.name, *parts)) for parts in sorted(places, key=lambda p: (len(p), p))]


class Registry(Generic[T]):
    """Names to things.

    Args:
        what: what is registered, for messages ("data source").
        folder: name of the folders whose modules register things, in any room ("objectives" finds
            `objectives/` and `pseudo/objectives/`); they are imported at the first look-up.
    """

    def __init__(self, what: str, folder: str) -> None:
        self.what = what
        self.folder = folder
        self._entries: dict[str, T] = {}
        self._is_loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that stores its target under `name`; a duplicate is an error."""

        def store(thing: T) -> T:
            if name in self._entries:
                raise ValueError(tr("{what} {name!r} is registered twice").format(what=self.what, name=name))
            self._entries[name] = thing
            return thing

        return store

    def _load(self) -> None:
        if self._is_loaded:
            return
        for package in packages_named(self.folder):
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
                if not module.ispkg:
                    importlib.import_module(f"{package}.{module.name}")
        self._is_loaded = True

    def __getitem__(self, name: str) -> T:
        """Raises SettingError that lists the known names when `name` is none of them."""
        self._load()
        if not isinstance(name, str) or name not in self._entries:
            known = ", ".join(sorted(self._entries))
            raise SettingError(
                tr("There is no {what} {name!r}. Known: {known}.").format(
                    what=self.what, name=name, known=known
                )
            )
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._entries)

    def items(self) -> Iterator[tuple[str, T]]:
        self._load()
        return iter(self._entries.items())
