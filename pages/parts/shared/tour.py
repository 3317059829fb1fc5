"""The tour of one minute: what there is to see, a picture and two sentences each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pages.parts.shared.picture import ALT, preview_of


@dataclass(frozen=True)
class Stop:
    """One step of the tour. picture: of assets/previews. page: where it is found, by its title."""

    picture: str
    title: str
    text: str
    page: str = ""


STOPS = (
    Stop(
        "map",
        "Networks that teach themselves",
        "A real network trains on this machine. Nobody tells it what the pictures show, and still it sorts "
        "them.",
    ),
    Stop(
        "stage",
        "One cursor moves everything",
        "Loss, pictures and map belong to one epoch. Pause, take a single step, or drag back to the very "
        "first one.",
    ),
    Stop(
        "rebuild",
        "Squeeze a picture, rebuild it",
        "An autoencoder keeps a few numbers of each picture. What it can rebuild from them is what it has "
        "understood.",
        "Autoencoder",
    ),
    Stop(
        "views",
        "Learn what stays the same",
        "Two random views of a picture should get the same code. No label is needed for that.",
        "Views",
    ),
    Stop(
        "pseudo",
        "A few labels go a long way",
        "A classifier labels what it is sure of and learns from that. You see whether it helps, and when it "
        "is wrong.",
        "Classifier",
    ),
    Stop(
        "language",
        "Predict the next letter",
        "A language model does nothing else. Watch noise become words, then lines of a play.",
        "Language model",
    ),
    Stop(
        "latent",
        "Walk through a latent space",
        "What is alike lies close together. Select an island and ask what its members have in common.",
        "Latent space",
    ),
    Stop(
        "own",
        "Now it is your turn",
        "Lessons explain it step by step. Or bring your own images, texts, tables or sounds: nothing leaves "
        "this machine.",
        "Learn",
    ),
)

WORDS = {
    "name": "Tour",
    "skip": "Skip the tour",
    "back": "Back",
    "next": "Next",
    "done": "Done",
    "found": "You find this on the page {page}.",
    "step": "Step {step} of {steps}",
    "lessons": "Open the lessons",
    "invite": "New here? See in one minute what there is.",
    "begin": "Take the tour",
    "later": "Not now",
    "again": "Repeat the tour",
}


def tour() -> dict[str, Any]:
    """What the browser draws it from."""
    stops = [asdict(stop) | preview_of(stop.picture) | {"alt": ALT[stop.picture]} for stop in STOPS]
    return {"stops": stops, "words": WORDS}
