"""What the numbers of a run mean, in words. Pages, CLI and reports all say it from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from selfsup_core.evaluate.rows import Baseline, Metrics
from selfsup_core.evaluate.words.few_rows import FEW, interval, share_of
from selfsup_core.evaluate.words.scenario_words import SCORES, describe_scenario, describe_score
from selfsup_core.translation import recorded, tr
from selfsup_core.wording import brief, percent

if TYPE_CHECKING:
    from selfsup_core.pseudo.audit import Verdict

MARGIN = 0.02
COPIED = 1e-6  # PCA with an error below this has copied the input, since the code has room for all of it


def compare_with_pca(val_mse: float, pca_mse: float, margin: float = MARGIN) -> str:
    """Whether the autoencoder beats PCA with as many dimensions, on the same validation rows. Where PCA
    copies the input the comparison says nothing, and that is said.
    """
    if pca_mse < COPIED:
        return tr("the code has room for a copy, so a small error says little")
    if val_mse < pca_mse * (1 - margin):
        return tr("better than PCA")
    if val_mse <= pca_mse * (1 + margin):
        return tr("about as good as PCA")
    return tr("worse than PCA")


def describe_run(state: Mapping[str, Any]) -> str:
    """One line: error, verdict against PCA, nearest neighbors in the latent space against the raw input."""
    metrics: Metrics = state.get("metrics") or {}
    baseline = cast("Baseline", state.get("baseline") or {})
    if state.get("task") == "language":
        return describe_language(metrics, baseline)
    if state.get("task") == "classify":
        return describe_classifier(metrics, baseline)
    if state.get("task") == "views":
        return describe_views(metrics, state.get("verdict"), baseline)
    if state.get("task") in SCORES:
        return describe_scenario(state["task"], metrics, state.get("verdict"))
    if state.get("task") == "generate":
        return describe_generator(metrics, baseline)
    if state.get("task") == "pseudo":
        return describe_pseudo(metrics, state.get("verdict"), baseline)
    parts = []
    mse, pca_mse = metrics.get("val_mse"), baseline.get("pca_mse")
    if mse is not None:
        parts.append(tr("mean squared error {mse:.4f} on new samples").format(mse=mse))
    if mse is not None and pca_mse is not None:
        verdict = compare_with_pca(mse, pca_mse, baseline.get("verdict_margin", MARGIN))
        parts.append(
            verdict
            if pca_mse < COPIED
            else tr(
                "{verdict}, the best linear method with as many values ({pca_components}): error "
                "{pca_mse:.4f}"
            ).format(verdict=verdict, pca_components=baseline["pca_components"], pca_mse=pca_mse)
        )
    knn, raw = metrics.get("knn_accuracy"), baseline.get("raw_knn_accuracy")
    if knn is not None:
        beside = tr(" (raw input {raw})").format(raw=percent(raw, 1)) if raw is not None else ""
        parts.append(
            tr("5 nearest neighbors in the latent space {knn}{beside}").format(
                knn=percent(knn, 1), beside=beside
            )
        )
    return " · ".join(parts) or tr("no epoch yet")


def describe_language(metrics: Metrics, baseline: Baseline) -> str:
    """One line: loss beside the bigram baseline, perplexity, bits per character."""
    loss, pairs = metrics.get("val_loss"), baseline.get("bigram_loss")
    if loss is None:
        return tr("no epoch yet")
    parts = [tr("validation loss {loss:.3f} per token").format(loss=loss)]
    if pairs is not None:
        said = (
            tr("better than a model that only counts pairs of tokens, {pairs:.3f} (bigram baseline)")
            if loss < pairs
            else tr("worse than a model that only counts pairs of tokens, {pairs:.3f} (bigram baseline)")
        )
        parts.append(said.format(pairs=pairs))
    parts.append(
        tr("perplexity {val_token_perplexity:.2f}").format(
            val_token_perplexity=metrics["val_token_perplexity"]
        )
    )
    if (bits := metrics.get("val_bits_per_character")) is not None:
        parts.append(tr("{bits:.3f} bits per character").format(bits=bits))
    return " · ".join(parts)


def describe_accuracy(state: Mapping[str, Any]) -> str:
    """For a list: "accuracy 80.0% on 500 test rows"; "" before the first epoch. Of an encoder that learned
    from views that of a linear probe, or RankMe where there are no labels; of a generator its Fréchet
    distance.
    """
    metrics: Metrics = state.get("metrics") or {}
    baseline = cast("Baseline", state.get("baseline") or {})
    if state.get("task") in SCORES:
        return describe_score(state["task"], metrics)
    if state.get("task") == "generate":
        distance = metrics.get("frechet", metrics.get("val_frechet"))
        return "" if distance is None else tr("Fréchet distance {value}").format(value=brief(distance))
    if state.get("task") == "views":
        probe, rank = metrics.get("probe_accuracy"), metrics.get("rankme")
        if probe is not None:
            seen = int(baseline.get("validation_rows") or 0)
            return tr("linear classifier {share_of}").format(
                share_of=share_of(probe, seen, tr("validation rows"))
            )
        return "" if rank is None else say_rank(rank)
    if state.get("task") == "pseudo":
        found, noun = metrics.get("accuracy"), tr("test rows")
        rows = metrics.get("test_rows") or baseline.get("test_rows")
    else:
        found, noun, rows = (
            metrics.get("val_accuracy"),
            tr("validation rows"),
            baseline.get("validation_rows"),
        )
    return (
        ""
        if found is None
        else tr("accuracy {share_of}").format(share_of=share_of(found, int(rows) if rows else None, noun))
    )


def describe_pseudo(metrics: Metrics, verdict: Verdict | None, baseline: Baseline | None = None) -> str:
    """One line: the verdict once there is one, else student, twin and ceiling on test rows; what is kept."""
    student = metrics.get("accuracy")
    if student is None:
        return tr("no round yet")
    named = (
        ("accuracy", tr("with pseudo-labels")),
        ("twin_accuracy", tr("the same labels alone")),
        ("ceiling_accuracy", tr("all labels")),
    )
    parts = [f"{title} {percent(metrics[key], 1)}" for key, title in named if metrics.get(key) is not None]
    rows = int(metrics.get("test_rows") or (baseline or {}).get("test_rows") or 0)
    if 0 < rows < FEW:
        parts.append(
            tr("on {rows} test rows, 95%: {interval}").format(rows=rows, interval=interval(student, rows))
        )
    if verdict:
        parts = [recorded(verdict["text"]).rstrip(".。")]
    if metrics.get("coverage") is not None:
        parts.append(
            tr("{coverage} of the unlabeled rows got a pseudo-label").format(
                coverage=percent(metrics["coverage"])
            )
        )
    right, kept, known = (metrics.get(k) for k in ("pseudo_precision", "kept_rows", "kept_known"))
    if right is not None and known and kept:
        if known < kept:
            message = tr("{right} of the {known:,.0f} whose class is known are correct")
        else:
            message = tr("{right} of these are correct")
        parts.append(message.format(right=percent(right), known=known))
    return " · ".join(parts)


def say_rank(rank: float) -> str:
    """RankMe, which is of the code; the objective sees the embedding, which has a rank of its own."""
    return tr("effective rank of the code h {rank:.1f}").format(rank=rank)


def describe_views(metrics: Metrics, verdict: Verdict | None, baseline: Baseline) -> str:
    """One line: the verdict once there is one, else the probe beside what needs no training; RankMe."""
    rank = metrics.get("rankme")
    if rank is None:
        return tr("no epoch yet")
    if verdict:
        return f"{recorded(verdict['text']).rstrip('.。')} · {say_rank(rank)}"
    named = (
        (metrics.get("probe_accuracy"), tr("a linear classifier on the code (linear probe)")),
        (baseline.get("raw_probe_accuracy"), tr("on the raw input")),
        (baseline.get("untrained_probe_accuracy"), tr("on the code before training")),
        (metrics.get("twin_probe_accuracy"), tr("the supervised twin")),
        (metrics.get("knn_accuracy"), tr("20 nearest neighbors")),
    )
    parts = [f"{title} {percent(value, 1)}" for value, title in named if value is not None]
    return " · ".join([*parts, say_rank(rank)])


def describe_generator(metrics: Metrics, baseline: Baseline) -> str:
    """One line: the Fréchet distance beside that of real images and of autoencoders; on test rows once it is
    known.
    """
    tested, found = metrics.get("frechet"), metrics.get("val_frechet")
    if found is None and metrics.get("val_loss") is None:
        return tr("no epoch yet")
    parts = []
    if tested is not None:
        parts.append(
            tr("Fréchet distance {tested} to {rows:,.0f} test images").format(
                tested=brief(tested), rows=metrics.get("test_rows") or 0
            )
        )
        beside = [metrics.get(f"{name}_frechet") for name in ("real", "test_vae", "test_vq")]
    elif found is not None:
        parts.append(tr("Fréchet distance {found} to validation images").format(found=brief(found)))
        beside = [baseline.get("floor_frechet"), baseline.get("vae_frechet"), baseline.get("vq_frechet")]
    else:
        parts.append(tr("validation loss {loss:.3f}").format(loss=metrics["val_loss"]))
        beside = []
    titles = (tr("real training images"), tr("VAE"), tr("VQ autoencoder"))
    parts += [
        f"{title} {brief(value)}" for title, value in zip(titles, beside, strict=False) if value is not None
    ]
    novelty = metrics.get("test_novelty", metrics.get("novelty"))
    if novelty is not None:
        parts.append(
            tr("{novelty}× as far from training images as real new ones are").format(
                novelty=brief(novelty, 2)
            )
        )
    return " · ".join(parts)


def describe_classifier(metrics: Metrics, baseline: Baseline) -> str:
    """One line: test accuracy once it is known, validation accuracy beside simpler means."""
    found, tested = metrics.get("val_accuracy"), metrics.get("test_accuracy")
    if found is None:
        return tr("no epoch yet")
    parts = []
    if tested is not None:
        rows = int(metrics["test_rows"] or 0)
        said = {"tested": percent(tested, 1), "test_macro_f1": metrics["test_macro_f1"], "rows": rows}
        if 0 < rows < FEW:
            message = tr(
                "test accuracy {tested}, macro-F1 {test_macro_f1:.3f} on {rows:,} rows (accuracy 95%: {wide})"
            )
            parts.append(message.format(**said, wide=interval(tested, rows)))
        else:
            message = tr("test accuracy {tested}, macro-F1 {test_macro_f1:.3f} on {rows:,} rows")
            parts.append(message.format(**said))
    parts.append(tr("validation accuracy {found}").format(found=percent(found, 1)))
    for beside, title in (
        (baseline.get("logistic_accuracy"), tr("logistic regression")),
        (baseline.get("majority_accuracy"), title_of_majority(baseline)),
    ):
        if beside is not None:
            parts.append(f"{title} {percent(beside, 1)}")
    return " · ".join(parts)


def title_of_majority(baseline: Baseline) -> str:
    """Title of the baseline that always predicts the most frequent class, or one of several."""
    count = baseline.get("majority_classes", 1)
    return (
        tr("most frequent class")
        if count == 1
        else tr("one of the {count} most frequent classes").format(count=count)
    )
