"""A model behind an OpenAI-compatible endpoint: the connection, the limits, the requests, labels by it."""

from __future__ import annotations

from selfsup_core.pretrained.remote.client import Remote
from selfsup_core.pretrained.remote.config import RemoteConfig, read_config, rough_tokens
from selfsup_core.pretrained.remote.connection import Connection, read_connection
from selfsup_core.pretrained.remote.failures import RemoteError
from selfsup_core.pretrained.remote.labels import estimate, label_texts

__all__ = [
    "Connection",
    "Remote",
    "RemoteConfig",
    "RemoteError",
    "estimate",
    "label_texts",
    "read_config",
    "read_connection",
    "rough_tokens",
]
