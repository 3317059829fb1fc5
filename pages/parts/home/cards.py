"""What Home leads to: a first success for each of three people, and the other parts of the app."""

from __future__ import annotations

from dataclasses import dataclass, field

from selfsup_core.translation import tr_later


@dataclass(frozen=True)
class Card:
    """One thing to do.

    Attributes:
        key: also the name of its preview.
        minutes: how long it takes on two CPU cores, in words; "" where nothing is trained.
        preset: of the run that its button starts; "" where the button opens the page only.
        person: whom it is for, where it is for somebody.
        more: a second way on, as (label, icon, page, address).
    """

    key: str
    title: str
    text: str
    page: str
    button: str
    minutes: str = ""
    preset: str = ""
    changes: dict[str, object] = field(default_factory=dict)
    address: dict[str, str] = field(default_factory=dict)
    person: str = ""
    more: tuple[str, str, str, dict[str, str]] | None = None


PEOPLE = (
    Card(
        "map",
        tr_later("Watch pictures sort themselves"),
        tr_later(
            "5,000 pieces of clothing, two numbers each, and no labels. Every point of the map that you get "
            "decodes to a picture."
        ),
        "pages/autoencoder.py",
        tr_later("Train"),
        tr_later("about 1 minute"),
        "vae-two-numbers",
        {"data.source": "fashion-5k", "train.epochs": 40, "train.epochs_per_second": 3.0},
        person=tr_later("I am new to this"),
        more=(tr_later("Lessons beside the app"), ":material/school:", "pages/learn.py", {}),
    ),
    Card(
        "rebuild",
        tr_later("Show it to a class"),
        tr_later(
            "A network keeps 32 numbers of an emoji and learns to rebuild it, in large type "
            "for the projector. "
            "Esc ends that."
        ),
        "pages/autoencoder.py",
        tr_later("Train and present"),
        tr_later("about 1 minute"),
        "emoji",
        {"data.source": "emoji", "train.epochs_per_second": 2.0},
        {"present": "1"},
        person=tr_later("I teach"),
        more=(tr_later("Choose a lesson"), ":material/school:", "pages/learn.py", {}),
    ),
    Card(
        "pseudo",
        tr_later("Learn from a handful of labels"),
        tr_later(
            "A classifier labels the rest where it is sure. The same one trains without them, so you see "
            "whether they help."
        ),
        "pages/classify.py",
        tr_later("Train"),
        tr_later("under 1 minute"),
        "pseudo-image",
        {"data.source": "digits"},
        {"do": "pseudo"},
        person=tr_later("I have data and few labels"),
        more=(tr_later("Use your own data"), ":material/upload_file:", "pages/data.py", {"add": "files"}),
    ),
)
PARTS = (
    Card(
        "views",
        tr_later("Learn by comparing views"),
        tr_later(
            "Two random views of a picture should get the same code. Then take a safeguard away and see it "
            "collapse."
        ),
        "pages/views.py",
        tr_later("Train"),
        tr_later("under 2 minutes"),
        "views-fashion",
        {"data.source": "fashion-5k"},
        {"do": "train"},
    ),
    Card(
        "language",
        tr_later("Train a language model"),
        tr_later("It reads Shakespeare letter by letter, and soon writes lines of its own."),
        "pages/language.py",
        tr_later("Train"),
        tr_later("about 5 minutes"),
        "gpt-characters",
        {"data.source": "shakespeare"},
        {"do": "train"},
    ),
    Card(
        "latent",
        tr_later("Explore a latent space"),
        tr_later("Zoom into a map of emoji, select an island and ask what its members have in common."),
        "pages/latent.py",
        tr_later("Open"),
        address={"space": "data:emoji", "map": "umap"},
    ),
    Card(
        "own",
        tr_later("Bring your own data"),
        tr_later("Images, texts, tables or sounds. They are checked first, and nothing leaves this machine."),
        "pages/data.py",
        tr_later("Choose files"),
        address={"add": "files"},
    ),
    Card(
        "scenarios",
        tr_later("Put it to use"),
        tr_later("Draw images out of noise, translate, write down speech, answer questions, find objects."),
        "pages/scenarios.py",
        tr_later("Choose"),
    ),
)
CARDS = (*PEOPLE, *PARTS)
