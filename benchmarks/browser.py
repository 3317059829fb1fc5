"""The browser that benchmarks and tests drive."""

from __future__ import annotations

import shutil

from benchmarks.size import is_toy

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
SHELL = "chromium-headless-shell"  # the same engine without windows: a fifth less work a page
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


def find_browser(*, shell: bool | None = None) -> str | None:
    """Path of an installed Chromium or Chrome; None if there is none.

    Args:
        shell: whether the shell without windows is taken where it is installed; None: at toy size only, since
            figures are about what people use.
    """
    takes_shell = is_toy() if shell is None else shell
    names = (SHELL, *NAMES) if takes_shell else (*NAMES, SHELL)
    return next((path for name in names if (path := shutil.which(name))), None)
