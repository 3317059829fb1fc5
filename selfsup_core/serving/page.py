"""The page of the service: a form, and a table of what is answered."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from selfsup_core.files import policy_hash
from selfsup_core.places import WEB
from selfsup_core.runs.folder import read_state
from selfsup_core.translation import language, tr
from selfsup_core.wording import kinds

if TYPE_CHECKING:
    from selfsup_core.export.predicting import Predictor

SCRIPT = WEB / "serve" / "serve.js"
STYLE = (WEB / "serve" / "serve.css").read_text("utf-8")
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": policy_hash(STYLE),
    "img-src": "data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
PAGE_HEADERS = {"content-security-policy": "; ".join(f"{name} {value}" for name, value in POLICY.items())}
ACCEPTED = {
    "image": "image/*,.zip",
    "sound": ".wav,.zip",
    "table": ".csv,.tsv,.xlsx,.parquet",
    "text": ".txt,.csv",
}


def draw_page(predictor: Predictor) -> str:
    """The whole page as HTML."""
    state = read_state(predictor.folder)
    name = state.get("name") or predictor.folder.id
    about = tr("Run {run}, weights of epoch {epoch}. It reads {kinds}.").format(
        run=predictor.folder.id, epoch=predictor.epoch, kinds=kinds(predictor.kind)
    )
    texts = ""
    if predictor.kind == "text":
        label = escape(tr("Texts, one per line"))
        texts = f'<label>{label}<textarea name="texts" rows="5"></textarea></label>'
    words = {
        "sample": tr("Sample"),
        "label": tr("Class"),
        "probability": tr("Probability"),
        "score": tr("Anomaly score"),
        "is_unusual": tr("Unusual"),
        "perplexity": tr("Perplexity"),
        "bits_per_character": tr("Bits per character"),
        "code": tr("Code"),
        "far": tr("Unlike the training data"),
        "reconstruction": tr("Reconstruction"),
        "failed": tr("The service does not answer."),
        "empty": tr("Choose a file first."),
    }
    data = " ".join(f'data-{key.replace("_", "-")}="{escape(text)}"' for key, text in words.items())
    return f"""<!doctype html>
<html lang="{escape(language())}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(name)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(name)}</h1>
<p>{escape(about)}</p>
<form id="ask">
{texts}
<label>{escape(tr("Files"))}
<input type="file" name="files" multiple accept="{ACCEPTED[predictor.kind]}"></label>
<button>{escape(tr("Predict"))}</button>
</form>
<p id="said" role="status" aria-live="polite"></p>
<div id="wide"><table id="made" hidden {data}></table></div>
<footer><a href="/openapi.json">/openapi.json</a></footer>
</main>
<script type="module" src="/serve.js"></script>
</body>
</html>
"""
