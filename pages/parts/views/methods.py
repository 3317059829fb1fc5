"""What the methods that learn from views are called."""

from __future__ import annotations

from selfsup_core.translation import tr_later

TITLES = {
    "simclr": "SimCLR",
    "byol": "BYOL",
    "simsiam": "SimSiam",
    "barlow-twins": tr_later("Barlow Twins"),
    "vicreg": "VICReg",
    "sigreg": tr_later("SIGReg (LeJEPA)"),
    "dino": "DINO",
    "swav": "SwAV",
    "jepa": tr_later("Hidden patches (I-JEPA)"),
    "rotation": tr_later("Rotation prediction"),
}


def title_of(method: str) -> str:
    return TITLES.get(method, method)
