"""Functions that numba compiles when they are first called, kept on disk for the next process."""

from __future__ import annotations

import logging
import warnings
from functools import cache
from importlib import import_module
from types import ModuleType

LOG = logging.getLogger(__name__)


@cache
def import_compiled(name: str) -> ModuleType:
    """Import a module whose numba functions are then compiled once on this machine, not once in every
    process.

    They are kept where numba keeps them (`NUMBA_CACHE_DIR`, beside the module, or in the user's cache folder)
    and made again when the module or the processor changes. They compute the same, to the last bit. Where
    none of these places can be written, and for functions that numba cannot keep, all is as before.

    Args:
        name: as "umap.layouts".
    """
    from numba.core.dispatcher import Dispatcher
    from numba.core.errors import NumbaWarning

    warnings.filterwarnings("ignore", "Cannot cache compiled function", NumbaWarning)
    module = import_module(name)
    package = name.split(".")[0]
    for function in vars(module).values():
        if isinstance(function, Dispatcher) and function.py_func.__module__.split(".")[0] == package:
            try:
                function.enable_caching()
            except RuntimeError as error:  # no place to write to
                LOG.info("numba keeps nothing of %s: %s", name, error)
                break
    return module
