"""Extension points: one decorator over one dict. A new data source, model or objective is one new file.

The modules of the owning package are imported at the first look-up, so a file only has to be there.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from selfsup_core.errors import SettingError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things.

    Args:
        what: what is registered, for messages ("data source").
        package: dotted name of the package whose modules register things; subpackages are left alone.
        also: dotted names of modules elsewhere that register things too.
    """

    def __init__(self, what: str, package: str, *also: str) -> None:
        self.what = what
        self.package, self.also = package, also
        self._entries: dict[str, T] = {}
        self._is_loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that stores its target under `name`; a duplicate is an error."""

        def store(thing: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.what} {name!r} is registered twice")
            self._entries[name] = thing
            return thing

        return store

    def _load(self) -> None:
        if self._is_loaded:
            return
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.ispkg:
                importlib.import_module(f"{self.package}.{module.name}")
        for module in self.also:
            importlib.import_module(module)
        self._is_loaded = True

    def __getitem__(self, name: str) -> T:
        """Raises SettingError that lists the known names when `name` is none of them."""
        self._load()
        if not isinstance(name, str) or name not in self._entries:
            known = ", ".join(sorted(self._entries))
            raise SettingError(f"There is no {self.what} {name!r}. Known: {known}.")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._entries)

    def items(self) -> Iterator[tuple[str, T]]:
        self._load()
        return iter(self._entries.items())
