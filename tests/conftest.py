"""What every test stands on: a store and a home of its own, and no network.

Nothing here fixes the seed of `hash()`: a test whose outcome depends on it finds a defect.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.services import postgres

# One thread per process, before any numerical library starts its pool: several test processes
# share the cores, and last bits of sums depend on the number of threads.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# A shell's background jobs ignore Ctrl-C, and so would the tests that send it, and their children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "clew",
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", settings.get_profile("clew"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "clew"))

_CLEARED = ("PYTHONHASHSEED", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that gives each test a schema of a PostgreSQL database for a store."""
    parser.addoption("--postgres", action="store_true", help="test with PostgreSQL's store")


@pytest.fixture(autouse=True)
def isolated(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Give the test its own store and home, and an environment that says the same everywhere."""
    root = tmp_path_factory.mktemp("isolated")
    for name in [*_CLEARED, *(n for n in os.environ if n.startswith("CLEW_"))]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLEW_STORE", str(root / "store"))
    if request.config.getoption("--postgres"):
        monkeypatch.setenv("CLEW_STORE", request.getfixturevalue("database"))
    monkeypatch.setenv("HOME", str(root))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(root / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / ".cache"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("TZ", "UTC")
    yield


@pytest.fixture(autouse=True, scope="session")
def offline() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        local = host is None or host in ("localhost", "::1") or str(host).startswith("127.")
        if not local:
            raise RuntimeError(f"a test tried to reach the network: {host}")
        connect(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """Run a PostgreSQL server for this process's tests."""
    if not importlib.util.find_spec("psycopg"):
        pytest.skip("needs the extra `postgres`")
    try:
        with postgres.server() as server:
            yield server
    except postgres.CannotRun as error:
        pytest.skip(f"needs PostgreSQL's server: {error}")


@pytest.fixture
def database(postgres_server: postgres.Server) -> Iterator[str]:
    """Return the address of a schema that does not exist yet; what is made there goes."""
    schema = f"t{uuid.uuid4().hex[:16]}"
    yield f"{postgres_server.address}?schema={schema}"
    postgres.clear(postgres_server.address, schema)


@pytest.fixture
def own_folder(request: pytest.FixtureRequest) -> None:
    """Skip a test of what only a store has that is a folder of this user's."""
    if request.config.getoption("--postgres"):
        pytest.skip("for a store in a folder")
