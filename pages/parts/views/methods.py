"""What the methods that learn from views are called."""

from __future__ import annotations

TITLES = {
    "simclr": "SimCLR",
    "byol": "BYOL",
    "simsiam": "SimSiam",
    "barlow-twins": "Barlow Twins",
    "vicreg": "VICReg",
    "sigreg": "SIGReg (LeJEPA)",
    "dino": "DINO",
    "swav": "SwAV",
    "jepa": "Hidden patches (I-JEPA)",
    "rotation": "Rotation prediction",
}


def title_of(method: str) -> str:
    return TITLES.get(method, method)
