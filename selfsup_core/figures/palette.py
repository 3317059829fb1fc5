"""Colors and marker shapes of classes. Color is never the only cue.

[1] Okabe, Ito: Color universal design, 2008 (eight colors that color-blind people can tell apart)
"""

OKABE_ITO = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#CC79A7",
    "#56B4E9",
    "#8C6D00",
    "#7A7A7A",
    "#5B3FA8",
    "#A3C644",
)
SYMBOLS = (
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "x",
    "triangle-down",
    "star",
    "pentagon",
    "hexagon",
)


def class_color(index: int) -> str:
    return OKABE_ITO[index % len(OKABE_ITO)] if index >= 0 else "#9AA0A6"


def class_symbol(index: int) -> str:
    """Colors repeat after ten classes, and then come with another shape; a hundred classes differ in one of
    them.
    """
    shifted = index + 3 * (index // len(OKABE_ITO))
    return SYMBOLS[shifted % len(SYMBOLS)] if index >= 0 else "circle-open"
