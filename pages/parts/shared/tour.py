"""The tour of one minute: what there is to see, a picture and two sentences each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pages.parts.shared.picture import ALT, preview_of
from selfsup_core.translation import tr, tr_later, tr_values


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
        tr_later("Networks that teach themselves"),
        tr_later(
            "A real network trains on this machine. Nobody tells it what the pictures show, "
            "and still it sorts "
            "them."
        ),
    ),
    Stop(
        "stage",
        tr_later("One cursor moves everything"),
        tr_later(
            "Loss, pictures and map belong to one epoch. Pause, take a single step, or drag back to the very "
            "first one."
        ),
    ),
    Stop(
        "rebuild",
        tr_later("Squeeze a picture, rebuild it"),
        tr_later(
            "An autoencoder keeps a few numbers of each picture. What it can rebuild from "
            "them is what it has "
            "understood."
        ),
        tr_later("Autoencoder"),
    ),
    Stop(
        "views",
        tr_later("Learn what stays the same"),
        tr_later("Two random views of a picture should get the same code. No label is needed for that."),
        tr_later("Views"),
    ),
    Stop(
        "pseudo",
        tr_later("A few labels go a long way"),
        tr_later(
            "A classifier labels what it is sure of and learns from that. You see whether it "
            "helps, and when it "
            "is wrong."
        ),
        tr_later("Classifier"),
    ),
    Stop(
        "language",
        tr_later("Predict the next letter"),
        tr_later("A language model does nothing else. Watch noise become words, then lines of a play."),
        tr_later("Language model"),
    ),
    Stop(
        "latent",
        tr_later("Walk through a latent space"),
        tr_later(
            "What is alike lies close together. Select an island and ask what its members have in common."
        ),
        tr_later("Latent space"),
    ),
    Stop(
        "scenarios",
        tr_later("Put it to use"),
        tr_later(
            "Images out of noise, translation, speech, questions, objects: small networks learn each of them "
            "here, most of them with few labels."
        ),
        tr_later("Scenarios"),
    ),
    Stop(
        "own",
        tr_later("Now it is your turn"),
        tr_later(
            "Lessons explain it step by step. Or bring your own images, texts, tables or "
            "sounds: nothing leaves "
            "this machine."
        ),
        tr_later("Learn"),
    ),
)

WORDS = {
    "name": tr_later("Tour"),
    "skip": tr_later("Skip the tour"),
    "back": tr_later("Back"),
    "next": tr_later("Next"),
    "done": tr_later("Done"),
    "found": tr_later("You find this on the page {page}."),
    "step": tr_later("Step {step} of {steps}"),
    "lessons": tr_later("Open the lessons"),
    "invite": tr_later("New here? See in one minute what there is."),
    "begin": tr_later("Take the tour"),
    "later": tr_later("Not now"),
    "again": tr_later("Repeat the tour"),
}


def tour() -> dict[str, Any]:
    """What the browser draws it from."""
    stops = [
        tr_values(asdict(stop)) | preview_of(stop.picture) | {"alt": tr(ALT[stop.picture])} for stop in STOPS
    ]
    return {"stops": stops, "words": tr_values(WORDS)}
