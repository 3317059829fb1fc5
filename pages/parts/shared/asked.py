"""The settings of a new run in the address, and what an address asks the form to show.

    ?preset=dense-64-32-16&data=wine&set=train.epochs=5&set=model.widths=[8,2]

`set` is what `train --set` takes: a setting that differs from the preset, as the page of the data set has
changed it. An address without settings that opens a run asks for those of the run. Each widget gets its part
once; from then on the widget counts, and the address follows it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.parts.shared import address as addresses
from pages.parts.shared.address import whole_address
from pages.parts.shared.choice import shorten
from pages.parts.shared.forms import as_shown, begin_with
from pages.parts.shared.go import link_here
from pages.parts.shared.workspace import plain, workspace
from selfsup_core.errors import StudioError
from selfsup_core.runs.assignments import differing, parse_each, write_assignment
from selfsup_core.runs.folder import open_run, read_state
from selfsup_core.runs.recipes import find_preset, list_presets
from selfsup_core.runs.spec import known_settings, read_spec, value_at
from selfsup_core.settings import Setting
from selfsup_core.translation import tr

PRESET, SET = "preset", "set"
OF_A_FORM = (PRESET, SET)  # names of the address that belong to one form of a page
MOST_WRITTEN = 6_000  # characters of settings in an address; servers refuse much longer ones
HAND = "objective.hand"
EXPERIMENT = "experiment"  # of the session: the address of what the form of the page shows, run or not


# Run, preset, data and settings of an address.
Address = tuple[str, str, str, tuple[str, ...]]


@dataclass
class Asked:
    """What one address asks for, and what has come of it; kept by the session until another one asks.

    Attributes:
        address: run, preset, data, settings. preset, source: of the run, where it asks; else "".
        values: path → value, as checked; before that, in `raw`, as it is written.
        given: keys of widgets that have got their part.
        chosen: the preset that was shown first. at: the recipe that was; widgets of another one have their
        own values.
        is_done: the form was shown to its end. is_followed: the address is what the form has written.
        said: settings that the address has. too_long: paths of those that it has no room for.
    """

    address: Address
    preset: str = ""
    source: str = ""
    values: dict[str, object] = field(default_factory=dict)
    raw: dict[str, object] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    chosen: str = ""
    at: tuple[str, ...] = ()
    is_done: bool = False
    is_followed: bool = False
    said: tuple[str, ...] = ()
    too_long: tuple[str, ...] = ()
    # The address that the form has replaced last, and when.
    replaced: tuple[Address, float] | None = None
    # Of this run of the page: what the preset says of what the first controls change, the settings that have
    # a control, and those that a control says in words of its own (None: as it begins).
    before: Mapping[str, object] = field(default_factory=dict)
    shown: dict[str, None] = field(default_factory=dict)
    own: dict[str, object] = field(default_factory=dict)
    is_current: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        return self.address[3]

    @property
    def is_run(self) -> bool:
        """Whether the settings asked for are those of a run."""
        return bool(self.preset)

    def is_first(self, key: str, preset: str = "") -> bool:
        """Whether a widget of the first controls has yet to show what is asked for."""
        is_asked = not preset or self.chosen == preset
        return is_asked and not self.is_followed and key not in self.given

    def open(self, key: str, param: str, value: str, *, is_first: bool) -> None:
        """Before `choose_asked`: have it take the name in the address once.

        Args:
            value: chosen where the address has no name.
        """
        mark, name = f"{key}-taken", st.query_params.get(param, "")
        if is_first:
            self.given.add(key)
            st.session_state.pop(mark, None)
            if not name:
                st.session_state[key] = value
            return
        st.session_state[mark] = name
        begin_with(key, value)

    def bind(self, at: tuple[str, ...], before: Mapping[str, object]) -> None:
        """Before the widgets of a recipe are shown.

        Args:
            at: what tells the recipe from others.
            before: path → value of what the first controls have changed of the preset.
        """
        self.at = self.at or at
        self.is_current = self.at == at and not self.is_followed
        self.before, self.shown, self.own = before, {}, {}

    def begin(self, setting: Setting, key: str, value: Any, shown: Any = None) -> None:
        """Have a widget show what is asked for, once, or `value` at first.

        Args:
            shown: the value of the widget that stands for a setting's value; by default as `widget` has it.
        """
        path = setting.path
        say = shown or (lambda one: as_shown(setting, one))
        self.shown[path] = None
        if not self.is_current:
            begin_with(key, say(value))
        elif key not in self.given or key not in st.session_state:
            self.given.add(key)
            st.session_state[key] = say(self.values.get(path, self.before.get(path, value)))
        elif not self.is_done:
            # The browser may not have got it: this run of the page has cut the one before it short.
            st.session_state[key] = st.session_state[key]

    def begin_hand(self, key: str) -> None:
        """The same for the switch of labels made by hand: none are asked for by "objective.hand=[]"."""
        if self.is_current and key not in self.given:
            self.given.add(key)
            st.session_state[key] = self.values.get(HAND) != ()
        begin_with(key, True)
        self.own[HAND] = None if st.session_state[key] else ()

    def follow(self, preset: str, source: str, now: Mapping[str, object], base: Mapping[str, object]) -> None:
        """Have the address say what the form shows, unless it does already.

        Args:
            now, base: path → value: of the form, and of the recipe with nothing changed.
        """
        self.is_done = True
        changed = differing(now, base)
        sets = write_all(changed)
        self.too_long = tuple(p for p, v in changed.items() if write_assignment(p, v) not in sets)
        mode = {"do": st.query_params["do"]} if "do" in st.query_params else {}
        st.session_state[EXPERIMENT] = mode | {PRESET: preset, "data": source, SET: list(sets)}
        said = self.said
        if not self.is_followed:
            said = write_all(differing({path: self.values.get(path, base[path]) for path in now}, base))
        is_same = self.at == (preset, source) if self.is_followed else self.is_current
        _, preset_said, source_said, _ = self.address
        is_said = preset_said in ("", preset) and source_said in ("", source)
        if sets == said and is_same and is_said and read_address() == self.address:
            return
        address: dict[str, Any] = whole_address()
        if "data" in address or source != find_preset(preset)["spec"]["data"]["source"]:
            address["data"] = [source]
        address = {name: one for name, one in address.items() if name != SET} | {PRESET: [preset]}
        if sets:
            address[SET] = list(sets)
        self.replaced = (read_address(), time.monotonic())
        st.query_params.from_dict(address)
        self.is_followed, self.said, self.at = True, sets, (preset, source)
        self.address = read_address()

    def is_stale(self, address: Address) -> bool:
        """Whether an address is the one that the form has just replaced.

        The run of the page that follows a quick click may begin, with the address that the browser knew, in a
        thread of its own while the run before it is still writing the new one.
        """
        if self.replaced is None or addresses.is_wish():
            return False
        before, at = self.replaced
        return address == before and time.monotonic() - at < addresses.STALE_SECONDS


def write_all(changed: Mapping[str, object]) -> tuple[str, ...]:
    """Settings as the address has them; the longest are left out where it would be too long."""
    sets = [write_assignment(path, value) for path, value in changed.items()]
    for text in sorted(sets, key=len, reverse=True):
        if sum(map(len, sets)) <= MOST_WRITTEN:
            break
        sets.remove(text)
    return tuple(sets)


def read_address() -> Address:
    run, preset, data = (st.query_params.get(name, "") for name in ("run", PRESET, "data"))
    return run, preset, data, tuple(st.query_params.get_all(SET))


def read_asked(task: str, always: str) -> Asked:
    """What the address asks of the form of a task.

    Args:
        always: key of a widget that the form always shows: where it is gone, the page was left, and its
        widgets have forgotten what they showed.
    """
    key, address = f"{task}-asked", read_address()
    asked = st.session_state.get(key)
    if asked is not None and asked.is_stale(address):
        return asked
    if asked is None or asked.address != address or always not in st.session_state:
        asked = Asked(address, raw=parse_each(address[3])[0])
        run, preset, _, texts = address
        if run and not preset and not texts:
            ask_as_run(asked, run, task)
        st.session_state[key] = asked
    return asked


def ask_as_run(asked: Asked, run: str, task: str) -> None:
    """Ask for what a run was made with, so that Train means "like this one"."""
    try:
        folder = open_run(workspace(), run)
        state, spec = read_state(folder), read_spec(folder.spec)
    except StudioError:
        return  # the page says below what is wrong with this run
    if state["preset"] in list_presets(task):
        # Labels by hand join every new run, whether or not there were some for this one.
        paths = known_settings(spec).keys() - {HAND}
        asked.values = asked.raw = {path: value_at(spec, path) for path in paths}
        asked.preset, asked.source = state["preset"], spec.data.source


def show_refused(refused: Mapping[str, str]) -> None:
    """Say which settings of the address are refused, and why; a button goes on without them."""
    for text, why in refused.items():
        st.error(
            plain(tr("The address asks for {text!r}. {why}").format(text=shorten(text), why=why)),
            icon=":material/error:",
        )
    kept = [text for text in st.query_params.get_all(SET) if text not in refused]
    link_here(
        tr("Go on without it") if len(refused) == 1 else tr("Go on without them"),
        icon=":material/arrow_forward:",
        key="set-go-on",
        params=without_settings() | ({SET: kept} if kept else {}),
    )


def without_settings() -> dict[str, list[str]]:
    return {name: said for name, said in whole_address().items() if name != SET}
