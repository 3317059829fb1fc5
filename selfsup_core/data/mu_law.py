"""Sound in 8 bits a sample, finer where it is quiet: μ-law with μ = 255, as telephones have it.

v = 2 · byte / 255 − 1,  x = sign(v) · ((1 + μ)^|v| − 1) / μ,  |v| = ln(1 + μ |x|) / ln(1 + μ).
"""

from __future__ import annotations

import numpy as np

MU = 255


def decode_mu_law(codes: np.ndarray) -> np.ndarray:
    """(N, …) uint8 → (N, …) int16, by a table of the 256 values."""
    v = 2 * np.arange(256) / 255 - 1
    table = np.sign(v) * ((1.0 + MU) ** np.abs(v) - 1) / MU
    found: np.ndarray = np.rint(32767 * table).astype(np.int16)[codes]
    return found


def encode_mu_law(wave: np.ndarray) -> np.ndarray:
    """(N, …) samples from −1 to 1 → (N, …) uint8."""
    v = np.sign(wave) * np.log1p(MU * np.abs(np.clip(wave, -1, 1))) / np.log1p(MU)
    found: np.ndarray = np.rint((v + 1) / 2 * 255).astype(np.uint8)
    return found
