"""Language model: look inside, train, embed texts, manage models; each mode is one file in `parts/`."""

from __future__ import annotations

import streamlit as st

from pages.parts.language import (
    embed as language_embed,
)
from pages.parts.language import (
    inside as language_inside,
)
from pages.parts.language import (
    models as language_models,
)
from pages.parts.language import (
    train as language_train,
)
from pages.parts.shared.modes import choose_mode
from selfsup_core.translation import tr_later

MODES = {
    "inside": (tr_later("Look inside"), ":material/visibility:", language_inside.show),
    "train": (tr_later("Train"), ":material/play_arrow:", language_train.show),
    "embed": (tr_later("Embed"), ":material/scatter_plot:", language_embed.show),
    "models": (tr_later("Models"), ":material/deployed_code:", language_models.show),
}

st.title(tr_later("Language model"), anchor=False)
choose_mode("language", MODES)
