"""The pages; each message on them is in the language of whoever looks."""

from pages.parts.shared.speech import session_language
from selfsup_core.translation import ask_language

ask_language(session_language)
