"""Where the app's own files are: in a checkout beside this package, in an installed wheel in
`selfsup_studio/`.
"""

from __future__ import annotations

from pathlib import Path

SITE = Path(__file__).resolve().parent.parent
APP = SITE if (SITE / "app.py").exists() else SITE / "selfsup_studio"
ASSETS = APP / "assets"
WEB = ASSETS / "web"
