"""The plug-in of pytest: its fixtures work, follow each other, and load nothing too early."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import schoolauth_pytest  # loaded here, so that no inner run loads it anew  # noqa: F401
from schoolauth.storage import memory, sql  # noqa: F401 # and these
from schoolauth.testing import checks  # noqa: F401
from tests.testing.installed import ROOT, run_installed

pytest_plugins = ["pytester"]

IMPORTS = """
import pytest
from schoolauth import LoginRefused, Role, SchoolAuth, SessionEnded, Status, Throttled
"""


def passes(pytester: pytest.Pytester, code: str, *, count: int) -> None:
    """Run a file of tests on the plug-in, as an application's author writes it."""
    pytester.makepyfile(IMPORTS + code)
    run = pytester.runpytest_inprocess("-p", "schoolauth_pytest", "-p", "no:cacheprovider")
    run.assert_outcomes(passed=count)


def test_an_account_signs_in(pytester: pytest.Pytester) -> None:
    """The shortest test there is: a user of the school, in every way to sign in."""
    passes(
        pytester,
        """
def test_sign_in(schoolauth_auth, schoolauth_school, schoolauth_user):
    user = schoolauth_user(role=Role.SLT)
    assert user.school == schoolauth_school.code
    for name in (str(user.username), str(user.email)):
        assert schoolauth_auth.log_in(name, "Chalkboard7").user.id == user.id

def test_admin(schoolauth_auth, schoolauth_school):
    admin = schoolauth_auth.log_in(f"{schoolauth_school.code}_admin", "Chalkboard7").user
    assert admin.is_active_admin
    assert schoolauth_auth.manage(by=admin.id).get_user(admin.id).id == admin.id

@pytest.mark.parametrize("status", Status)
def test_statuses(status, schoolauth_user):
    assert schoolauth_user(status=status, password="Blackboard8").status is status
""",
        count=6,
    )


def test_clock_and_outbox_are_those_of_the_library(pytester: pytest.Pytester) -> None:
    """Time that passes ends sessions, and what is sent lies in the outbox, and nothing else."""
    passes(
        pytester,
        """
def test_session(schoolauth_auth, schoolauth_user, schoolauth_clock):
    session = schoolauth_auth.log_in(str(schoolauth_user().username), "Chalkboard7").session
    schoolauth_clock.advance(hours=12)
    with pytest.raises(SessionEnded):
        schoolauth_auth.resume(session)

def test_mail(schoolauth_auth, schoolauth_user, schoolauth_outbox):
    user = schoolauth_user(status=Status.INVITED)
    assert schoolauth_outbox == []
    schoolauth_auth.request_password_reset(str(user.email))
    (mail,) = schoolauth_outbox
    login = schoolauth_auth.reset_password(mail.token, "Blackboard8")
    assert login.user.status is Status.ACTIVE

def test_recovery(schoolauth_auth, schoolauth_school, schoolauth_outbox):
    links = schoolauth_auth._core.links
    assert all("{token}" in link for link in (links.password, links.email, links.recovery))
""",
        count=3,
    )


def test_nothing_is_left_for_the_next_test(pytester: pytest.Pytester) -> None:
    """Each test has its own school, ids, clock, outbox and count of attempts."""
    passes(
        pytester,
        """
@pytest.mark.parametrize("again", [1, 2])
def test_alone(again, schoolauth_auth, schoolauth_user, schoolauth_clock, schoolauth_outbox):
    user = schoolauth_user(username="ann")
    assert str(user.id) == "user-2"
    assert schoolauth_outbox == []
    assert schoolauth_clock.now().hour == 9
    schoolauth_auth.request_password_reset("ann")
    schoolauth_clock.advance(hours=1)
    for _ in range(8):
        with pytest.raises(LoginRefused):
            schoolauth_auth.log_in("ann", "wrong")
""",
        count=2,
    )


def test_the_throttle_is_that_of_production(pytester: pytest.Pytester) -> None:
    """A thousand right passwords from one source pass; after eight wrong ones nothing does."""
    passes(
        pytester,
        """
def test_crowd(schoolauth_auth, schoolauth_user, schoolauth_clock):
    name = str(schoolauth_user().username)
    for _ in range(1000):
        schoolauth_auth.log_in(name, "Chalkboard7", source="192.0.2.1")
    for _ in range(8):
        with pytest.raises(LoginRefused):
            schoolauth_auth.log_in(name, "wrong", source="192.0.2.1")
    with pytest.raises(Throttled):
        schoolauth_auth.log_in(name, "Chalkboard7", source="192.0.2.1")
    schoolauth_clock.advance(minutes=5)
    schoolauth_auth.log_in(name, "Chalkboard7", source="192.0.2.1")
""",
        count=1,
    )


def test_the_others_follow_a_fixture_of_the_application(pytester: pytest.Pytester) -> None:
    """Its own `schoolauth_auth`, on its own store and clock, is what users and schools are in."""
    pytester.makeconftest("""
import pytest
from sqlalchemy import create_engine
from schoolauth import SchoolAuth
from schoolauth.storage.sql import SqlStore, create_tables
from schoolauth.testing import cheap_hasher

@pytest.fixture
def engine(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/accounts.db")
    create_tables(engine)
    yield engine
    engine.dispose()

@pytest.fixture
def schoolauth_auth(engine, schoolauth_clock):
    return SchoolAuth(
        SqlStore(engine),
        secret_key="another key for tests, not a secret",
        hasher=cheap_hasher(),
        clock=schoolauth_clock,
    )
""")
    passes(
        pytester,
        """
from schoolauth.storage.sql import SqlUserRepository

def test_own_store(engine, schoolauth_user, schoolauth_auth, schoolauth_outbox):
    user = schoolauth_user()
    assert SqlUserRepository(engine).find([user.username])[user.username] == user
    assert schoolauth_auth.log_in(str(user.username), "Chalkboard7").user.id == user.id
    assert schoolauth_outbox == []

class TestOwnSchool:
    @pytest.fixture
    def schoolauth_school(self, schoolauth_auth):
        from schoolauth import School
        return schoolauth_auth.support(by="host").add_school(School("mill-77", "Mill School"))

    def test_own_school(self, schoolauth_user):
        assert schoolauth_user().school.key == "mill-77"
""",
        count=2,
    )


def test_loading_it_imports_nothing_of_the_library(tmp_path: Path) -> None:
    """Neither by its entry point, nor by name, is a module of the core loaded too early."""
    (tmp_path / "test_it.py").write_text("import sys\ndef test_it(): print(*sys.modules)\n")
    for arguments in ([], ["-p", "schoolauth_pytest"]):
        folder = tmp_path / str(len(arguments))
        folder.mkdir()
        run = ["-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *arguments, str(tmp_path)]
        loaded = run_installed(folder, *run).split()
        assert "schoolauth_pytest" in loaded
        assert [name for name in loaded if name.split(".")[0] in {"schoolauth", "hypothesis"}] == []


def test_it_may_be_named_where_it_is_installed(tmp_path: Path) -> None:
    """Naming it by ``-p`` or in a conftest, beside its entry point, registers it once."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["schoolauth_pytest"]\n')
    (tmp_path / "test_it.py").write_text("def test_it(schoolauth_clock): pass\n")
    run = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "schoolauth_pytest"]
    assert "1 passed" in run_installed(tmp_path, *run)


LATE = """
import coverage

class Late:
    def pytest_sessionstart(self):
        self.measured = coverage.Coverage(data_file=None, source_pkgs=["schoolauth"])
        self.measured.start()

    def pytest_sessionfinish(self):
        self.measured.stop()
        import schoolauth.model.school
        _, _, _, missing, _ = self.measured.analysis2(schoolauth.model.school)
        print("missing", missing)

def pytest_configure(config):
    config.pluginmanager.register(Late())
"""


def test_coverage_that_begins_later_misses_no_line(tmp_path: Path) -> None:
    """A measurement that starts after the plug-ins, as pytest-cov's does, sees the whole core."""
    (tmp_path / "conftest.py").write_text(LATE)
    (tmp_path / "test_it.py").write_text("def test_it(schoolauth_school): pass\n")
    printed = run_installed(tmp_path, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider")
    assert "1 passed" in printed
    missing = ast.literal_eval(printed.partition("missing ")[2].partition("\n")[0])
    path = ROOT / "src" / "schoolauth" / "model" / "school.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_import = {node.lineno for node in tree.body}
    assert at_import & set(missing) == set()
    assert len(at_import) > 5
