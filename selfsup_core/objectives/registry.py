"""The protocol of objectives, and where they register: an objective is one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from selfsup_core.registry import Registry
from selfsup_core.settings import KindConfig

if TYPE_CHECKING:
    import torch

C = TypeVar("C", bound=KindConfig)


class Objective(Generic[C]):
    """What is learned. Made from its settings; `Config` on the class says which. `step` is all that one must
    write.

    What a model and a batch are depends on the networks: each objective says it in its own methods.

    Attributes:
        progress: epochs done, with the fraction of the current one; the loop keeps it up to date (for
        warm-ups).
        has_reconstruction: whether x̂ = g(f(x)) of the whole input is what the objective trains, so that its
            error may be compared with PCA's.
        networks: kinds of network that it can train.
        settled_from: the epoch from which losses mean the same, so that one may be called better than
        another.
        task: a name in `runs.tasks` when the objective and not the network decides what is done; else "".
    """

    Config: type[C]
    has_reconstruction = True
    networks: tuple[str, ...] = ("dense", "convolutional")
    task = ""

    def __init__(self, config: C) -> None:
        self.config = config
        self.progress = 0.0

    @property
    def settled_from(self) -> float:
        return 0.0

    @classmethod
    def is_mean_of_rows(cls, config: C) -> bool:
        """Whether every term is a mean over the batch's rows, each computed without the others, and `step`
        changes nothing but gradients: only then can several devices share a batch.
        """
        return False

    @classmethod
    def check_code(cls, config: C, code_size: int) -> None:
        """Raises SettingError when a code of so many numbers does not fit this objective's settings."""

    def equip(self, model: Any) -> None:
        """Put into the model what this objective needs of it (a Gaussian head, a codebook), before weights
        are set.

        Raises:
            SettingError: this network does not fit; says which does.
        """

    def step(self, model: Any, batch: Any, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """batch: (B, D) values in [0, 1] → {"loss": scalar to minimize, and other named scalar terms}.

        Every term is a mean over the batch, logged and plotted under its name without further code. The same
        method measures validation rows, with the model in evaluation mode: nothing may be updated then.
        """
        raise NotImplementedError

    def settle(self, model: Any) -> None:
        """After each update of the weights: what follows them (a slow teacher) is brought up to date."""

    def show(
        self, model: Any, batch: Any, generator: torch.Generator
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """batch: (B, D) → (what the network was given, when that is not the batch itself; its output in [0,
        1]).
        """
        output: torch.Tensor = model.decode(model.encode(batch))
        return None, output

    def diagnose(self, model: Any, batch: Any) -> dict[str, float]:
        """Further numbers of validation rows (B, D), under the names by which signs of trouble look for
        them.
        """
        return {}

    def importance(self, model: Any, batch: Any) -> tuple[torch.Tensor, str]:
        """How much each dimension of the code is used: ((K,) numbers, what they are). Variance, unless better
        is known.
        """
        spread: torch.Tensor = model.encode(batch).float().var(dim=0)
        return spread, "variance"


OBJECTIVES: Registry[type[Objective[Any]]] = Registry("objective", "objectives")
