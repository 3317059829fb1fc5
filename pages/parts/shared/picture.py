"""Pictures of assets/home, drawn from real runs: what a part of the app does, at a glance."""

from __future__ import annotations

import base64

from pages.parts.shared import routes
from pages.parts.shared.assets import HOME, assets_path
from selfsup_core.places import ASSETS
from selfsup_core.translation import tr_later

VIEWS_ALT = tr_later("Emoji in a row, and below each of them two random views: cropped, turned, recolored.")


def picture_of(name: str, alt: str) -> str:
    """An animated picture and a still one for people who prefer reduced motion, as one HTML element.

    The browser asks for them once and keeps them. Without the routes they stand in the page itself, which
    sends half a megabyte each time that Home is shown.
    """

    def address(file: str) -> str:
        if routes.is_mounted:
            return f"{assets_path()}/{HOME}/{file}"
        content = (ASSETS / HOME / file).read_bytes()
        return "data:image/webp;base64," + base64.b64encode(content).decode()

    still = f"{name}-still.webp"
    moving = f"{name}.webp" if (ASSETS / HOME / f"{name}.webp").is_file() else still
    return (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{address(still)}">'
        f'<img src="{address(moving)}" alt="{alt}" width="480" height="270" '
        'style="width:100%;height:auto;aspect-ratio:16/9;display:block"></picture>'
    )
