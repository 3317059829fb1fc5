"""Settings that several questions about a run share: which sample of its map is meant."""

from __future__ import annotations

from typing import Any

from selfsup_core.inspection.asking import EpochAsk
from selfsup_core.settings import setting
from selfsup_core.translation import tr_later


def sample_setting(what: str = tr_later("Sample of the map to begin from.")) -> Any:
    """A setting that may be left out."""
    return setting(None, what + " None takes the mean of all codes.", title="Sample")


class SampleAsk(EpochAsk):
    """One sample of the map."""

    sample: int = setting(0, "Sample of the map.", title="Sample", ge=0)
