"""What server.py adds to Streamlit's server."""

from __future__ import annotations

from tests.helpers import python

CODE = """
import socket
from pages.parts.shared import quiet
from streamlit.web.server.starlette import starlette_server
quiet.answer_at_once()
listening = starlette_server._bind_socket("127.0.0.1", 0, 5)
listening.listen()
client = socket.create_connection(listening.getsockname())
accepted, _ = listening.accept()
print(listening.getsockname()[0], accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
"""


def test_answers_do_not_wait_for_a_receipt_of_their_heads():
    answer = python(CODE)
    assert answer.stdout.split() == ["127.0.0.1", "True"], answer.stderr
