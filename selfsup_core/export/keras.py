"""The dense network as the Keras 3 model of the same layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from selfsup_core.errors import StudioError
from selfsup_core.export.script import harmless
from selfsup_core.models import MODELS
from selfsup_core.runs.spec import RunSpec

if TYPE_CHECKING:
    from selfsup_core.models.dense import DenseConfig

# What the run's objective adds, in a comment; Keras' own losses do not have it.
HOW = {
    "reconstruction": "",
    "denoising": "# The run was given noisy inputs: pass them as the first x_train.\n",
    "sparse": "# The run's penalty on the code is not in this loss.\n",
    "contractive": "# The run's penalty on the encoder's Jacobian is not in this loss.\n",
}
LOSSES = {"bce": "binary_crossentropy", "mse": "mean_squared_error"}


def keras_script(spec: RunSpec, item_shape: tuple[int, ...]) -> str:
    """Source that defines `encoder`, `decoder` and `autoencoder`, and compiles the last.

    Raises:
        StudioError: another network, or an objective that Keras' own losses do not cover.
    """
    if spec.model.kind != "dense" or spec.objective.kind not in HOW:
        raise StudioError(
            "The Keras script is available for dense networks without a Gaussian head or a codebook.",
            code="no-script",
            remedy="Use the PyTorch script.",
        )
    loss: str = cast("Any", spec.objective).loss  # all of `HOW` have one
    sizes = MODELS["dense"].shapes(spec.model, item_shape)
    half = len(sizes) // 2
    model = cast("DenseConfig", spec.model)
    hidden: str = model.activation
    # GELU by the normal distribution, as PyTorch has it; Keras' own default is the same.
    down: list[tuple[int, str]] = [(size, hidden) for size in sizes[1:half]] + [
        (sizes[half], model.code_activation)
    ]
    up = [(size, hidden) for size in sizes[half + 1 : -1]] + [(sizes[-1], "sigmoid")]
    return f'''"""{harmless(spec.name) or "Autoencoder"}: the same layers for Keras 3. Made by SelfSup Studio."""
import keras
from keras import layers

encoder = keras.Sequential([
    keras.Input(({sizes[0]},)),
{layer_lines(down)}
], name="encoder")
decoder = keras.Sequential([
    keras.Input(({sizes[half]},)),
{layer_lines(up)}
], name="decoder")
autoencoder = keras.Sequential([keras.Input(({sizes[0]},)), encoder, decoder])
autoencoder.compile(optimizer=keras.optimizers.Adam({spec.train.learning_rate!r}), loss="{LOSSES[loss]}")
autoencoder.summary()

{HOW[spec.objective.kind]}# x_train, x_validation: (rows, {sizes[0]}) floats in [0, 1]
# autoencoder.fit(x_train, x_train, epochs={spec.train.epochs}, batch_size={spec.train.batch_size}, validation_data=(x_validation, x_validation))
'''


def layer_lines(layers: list[tuple[int, str]]) -> str:
    return "\n".join(f'    layers.Dense({size}, activation="{act}"),' for size, act in layers)
