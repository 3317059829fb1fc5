"""The epoch of the address: one that is kept is shown, any other is refused in words, with a way to go on."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared.choice import refuse_asked, shorten
from selfsup_core.settings import whole_number
from selfsup_core.translation import tr

PARAM = "epoch"
MOST_LISTED = 8


def asked_epoch(epochs: Sequence[int], *, param: str = PARAM) -> int | None:
    """The epoch of the address, or the nearest to one that this page wrote there and that was thinned since;
    None for none.
    """
    number = whole_number(st.query_params.get(param, ""))
    if number is None or not epochs:
        return None
    return min(epochs, key=lambda epoch: abs(epoch - number))


def is_wish(owner: str, *, param: str = PARAM) -> bool:
    """Whether a person or a link asks for the epoch, and not this page itself.

    Args:
        owner: of the epochs; what was written for another one is a wish.
    """
    asked = st.query_params.get(param, "")
    return bool(asked) and st.session_state.get(f"{param}-written") != (owner, asked)


def refuse_epoch(
    epochs: Sequence[int], owner: str, *, of: str, unit: str = "epoch", param: str = PARAM
) -> bool:
    """Whether the address asks for an epoch that is not there; this is then said.

    Args:
        of: whose epochs they are, as the sentence begins: "This run".
    """
    asked = st.query_params.get(param, "")
    if not is_wish(owner, param=param) or whole_number(asked) in epochs:
        return False
    refuse_asked(
        param,
        tr("{of} has no {unit} {asked!r}. {describe_epochs}").format(
            of=of, unit=unit, asked=shorten(asked), describe_epochs=describe_epochs(epochs, unit)
        ),
        tr("Show the newest {unit}").format(unit=unit) if epochs else tr("Go on without it"),
    )
    return True


def describe_epochs(epochs: Sequence[int], unit: str) -> str:
    """ "Epochs 0 to 40 are there." Of a long run not every one is kept."""
    if not epochs:
        return tr("There is no {unit} yet.").format(unit=unit)
    first, last = epochs[0], epochs[-1]
    if first == last:
        return tr("There is only {unit} {first}.").format(unit=unit, first=first)
    if len(epochs) == last - first + 1:
        return tr("There are {unit}s {first} to {last}.").format(unit=unit, first=first, last=last)
    shown = [*map(str, epochs)] if len(epochs) <= MOST_LISTED else [*map(str, epochs[:3]), "…", str(last)]
    return tr("Of the {unit}s {first} to {last}, {count} are kept: {shown}.").format(
        unit=unit, first=first, last=last, count=len(epochs), shown=", ".join(shown)
    )


def write_epoch(epoch: int | None, owner: str, *, param: str = PARAM) -> None:
    """Have the address name the epoch that is looked at; None for the newest, which is followed."""
    if epoch is None:
        st.query_params.pop(param, None)
        return
    st.session_state[f"{param}-written"] = (owner, str(epoch))
    if st.query_params.get(param) != str(epoch):
        st.query_params[param] = str(epoch)
