"""Attack 27, and what else a look at a child process or at a small slip shows."""

from __future__ import annotations

from schoolauth import MailMessage, MailNotSent, QueuedMailer, Role, School
from schoolauth.model.names import EmailAddress
from tests.processes import needs_fork, run_python
from tests.service.world import World


@needs_fork
def test_two_children_make_different_ids() -> None:
    """The random source is the system's: no state of the parent's is shared."""
    script = """
import os
from schoolauth import SchoolAuth
from schoolauth.storage.memory import MemoryStore
from schoolauth.testing import cheap_hasher
auth = SchoolAuth(MemoryStore(), secret_key="x" * 32, hasher=cheap_hasher())
auth._core.new_id()
for _ in range(2):
    if os.fork() == 0:
        made = auth.hasher.hash("Chalkboard7").reveal()
        os.write(1, f"{auth._core.new_id()} {made}\\n".encode())
        os._exit(0)
    os.wait()
"""
    made = run_python(script).split()
    assert len(made) == len(set(made)) == 4


def test_a_move_to_the_own_school_changes_nothing(stored_world: World) -> None:
    """A slip at the support desk makes no admin a member of staff."""
    world = stored_world
    second = world.teacher(family_name="Second", role=Role.ADMIN)
    session = world.log_in(second).session
    support = world.auth.support(by="x")
    assert support.move_user(second.id, world.school.code).role is Role.ADMIN
    assert world.auth.resume(session).username == second.username
    assert "user_moved" not in world.kinds(second)
    support.add_school(School("second", "Second School"))
    assert support.move_user(second.id, "second").role is Role.STAFF


def test_a_queue_hears_of_every_way_to_fail() -> None:
    """A mailer that raises what is no `Exception`, such as a cancelled call, is told too."""

    class Leaving:
        def send(self, message: MailMessage) -> None:
            raise SystemExit(1)

    failed: list[MailMessage] = []
    message = MailMessage(
        kind="password_reset",
        to=EmailAddress.parse("jess@hill.example.org"),
        subject="Choose a new password",
        text="x",
    )
    with QueuedMailer(Leaving(), capacity=2, on_failure=failed.append) as queue:
        sent = 0
        for _ in range(2):
            queue.send(message)
            sent += 1
    assert failed == [message] * sent
    try:
        queue.send(message)
    except MailNotSent:
        return
    raise AssertionError("a closed queue took a mail")
