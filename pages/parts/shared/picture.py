"""Moving previews of assets/previews, recorded from real runs: what a part of the app does, at a glance."""

from __future__ import annotations

import html

from pages.parts.shared.assets import assets_path
from selfsup_core.translation import tr, tr_later

SIZE = (480, 270)
# Preview → what it shows, for people who do not see it.
ALT = {
    "map": tr_later("Points of a map move apart by color, then pictures of clothing fill the plane."),
    "stage": tr_later(
        "The live view of a run: loss curve, reconstructions and map change together with the epoch."
    ),
    "rebuild": tr_later("Emoji, and below them reconstructions that sharpen from epoch to epoch."),
    "views": tr_later("Emoji in a row, and below each of them two random views: cropped, turned, recolored."),
    "pseudo": tr_later(
        "Two curves over rounds: the student's accuracy rises above that with the given labels alone."
    ),
    "language": tr_later("Text that a model writes: noise at first, then words and lines like a play."),
    "latent": tr_later("A map of 1,906 emoji, similar ones side by side, and a window that looks closer."),
    "scenarios": tr_later("Noise turns into pictures of clothing, step by step."),
    "own": tr_later("Images, texts, a table and a sound, one after another."),
}


def preview_of(name: str) -> dict[str, str]:
    """Addresses of a preview and of a still picture for people who prefer reduced motion."""
    where = f"{assets_path()}/previews"
    return {"moving": f"{where}/{name}.webp", "still": f"{where}/{name}-still.webp"}


def picture_of(name: str) -> str:
    """A preview as an HTML element. The browser loads it once it comes into sight, and keeps it."""
    at = preview_of(name)
    return (
        f'<picture class="preview"><source media="(prefers-reduced-motion: reduce)" srcset="{at["still"]}">'
        f'<img src="{at["moving"]}" alt="{html.escape(tr(ALT[name]))}" width="{SIZE[0]}" height="{SIZE[1]}" '
        'loading="lazy"></picture>'
    )
