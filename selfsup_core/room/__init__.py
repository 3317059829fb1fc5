"""A room: many people, each with a workspace of their own, on one machine with one queue.

1. Who a request is: its cookie `<person>.<signature>` (HttpOnly, SameSite=Strict; HMAC-SHA256 under the
   secret of the host's workspace). The name in it is random; the nickname is only a label. The teacher is
   whoever holds the app's token.
2. A person joins by the room's code and a nickname, and gets a resume code; nickname and resume code bring
   them back on another device. Wrong codes are counted, and after some nobody may try for a minute.
   Where the room has a login (`login.py`), people sign in with an account instead; the account then says who
   a request is, and which of them are teachers.
3. Where their work is: `room/people/<person>/`, a workspace like any other (`shared.py`). The workspace
   around `room/` is the teacher's own.
4. `viewer.find_viewer` is the one place that resolves a request to a workspace. Pages, the stage's routes and
   uploads ask it; nobody passes a person's name in an address. What is not in that workspace does not exist:
   others' runs are "not found", since nothing of theirs is ever looked for.
   The one exception is the run in the spotlight (`spotlight.py`), which everybody may watch while the teacher
   shows it; what watching is, `runs/access.py` says.
5. Helper processes are the host's. A question carries the person's name, and each person has a desk.
6. One supervisor takes from all queues by turns (`fair.py`): each person runs one and has five waiting at
   most, and nobody has a second turn while somebody else waits for a first. It writes down the line, and who
   had a turn when, which a restart keeps.
7. Memory is asked for before a run begins (`runs/memory_left.py`), so that the system never ends one, and
   each person has a share of the disk (`data/quota.py`).
8. The room's facts are one small file, changed under a lock and replaced whole; no password, no address and
   no name other than the nickname is kept. `Room.delete` removes the folder `room/`, and with it everything.
"""
