"""What Home leads to: a first success for each of three people, and the other parts of the app."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        "Watch pictures sort themselves",
        "5,000 pieces of clothing, two numbers each, and no labels. Every point of the map that you get "
        "decodes to a picture.",
        "pages/autoencoder.py",
        "Train",
        "about 1 minute",
        "vae-two-numbers",
        {"data.source": "fashion-5k", "train.epochs": 40, "train.epochs_per_second": 3.0},
        person="I am new to this",
        more=("Lessons beside the app", ":material/school:", "pages/learn.py", {}),
    ),
    Card(
        "rebuild",
        "Show it to a class",
        "A network keeps 32 numbers of an emoji and learns to rebuild it, in large type for the projector. "
        "Esc ends that.",
        "pages/autoencoder.py",
        "Train and present",
        "about 1 minute",
        "emoji",
        {"data.source": "emoji", "train.epochs_per_second": 2.0},
        {"present": "1"},
        person="I teach",
        more=("Choose a lesson", ":material/school:", "pages/learn.py", {}),
    ),
    Card(
        "pseudo",
        "Learn from a handful of labels",
        "A classifier labels the rest where it is sure. The same one trains without them, so you see "
        "whether they help.",
        "pages/classify.py",
        "Train",
        "under 1 minute",
        "pseudo-image",
        {"data.source": "digits"},
        {"do": "pseudo"},
        person="I have data and few labels",
        more=("Use your own data", ":material/upload_file:", "pages/data.py", {"add": "files"}),
    ),
)
PARTS = (
    Card(
        "views",
        "Learn by comparing views",
        "Two random views of a picture should get the same code. Then take a safeguard away and see it "
        "collapse.",
        "pages/views.py",
        "Train",
        "under 2 minutes",
        "views-fashion",
        {"data.source": "fashion-5k"},
        {"do": "train"},
    ),
    Card(
        "language",
        "Train a language model",
        "It reads Shakespeare letter by letter, and soon writes lines of its own.",
        "pages/language.py",
        "Train",
        "about 5 minutes",
        "gpt-characters",
        {"data.source": "shakespeare"},
        {"do": "train"},
    ),
    Card(
        "latent",
        "Explore a latent space",
        "Zoom into a map of emoji, select an island and ask what its members have in common.",
        "pages/latent.py",
        "Open",
        address={"space": "data:emoji", "map": "umap"},
    ),
    Card(
        "own",
        "Bring your own data",
        "Images, texts, tables or sounds. They are checked first, and nothing leaves this machine.",
        "pages/data.py",
        "Choose files",
        address={"add": "files"},
    ),
)
CARDS = (*PEOPLE, *PARTS)
