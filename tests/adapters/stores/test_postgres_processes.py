"""Many writers of one database, kills, forks and a server that ends sessions."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from clew.adapters.stores.sql.open import open_postgres
from clew.adapters.stores.sql.store import SqlStore
from clew.errors import InvalidParameter, StoreError
from clew.lineage.records import Run
from clew.testing.records import make_node, stored_value
from tests.services import postgres

pytestmark = pytest.mark.slow

WRITER = """
import sys
from clew.adapters.stores.sql.open import open_postgres
from clew.lineage.records import Reason, Run, Use
from clew.testing.records import make_node, stored_value

store = open_postgres(sys.argv[1])
first, count, run = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
store.start(Run(run, "m:flow", "running", 1))
for n in range(first, first + count):
    node = make_node("m:f", [str(n)], [f"r{n}"])
    use = Use(n, f"f[{n}]", node.id, "computed", Reason("first-run", ""))
    store.record([node], [stored_value(f"r{n}")], run=run, uses=[use])
    print(n, flush=True)
"""


@pytest.fixture
def store(database: str) -> Iterator[SqlStore]:
    with open_postgres(database) as opened:
        yield opened


def start_writer(database: str, first: int, count: int, run: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, database, str(first), str(count), run],
        stdout=subprocess.PIPE,
        text=True,
    )


def end_sessions(store: SqlStore) -> None:
    """End every other session of the server, as an administrator may."""
    from clew.adapters.stores.sql.postgres.connection import PostgresConnection
    from clew.adapters.stores.sql.postgres.database import PostgresDatabase

    assert isinstance(store.database, PostgresDatabase)
    session = PostgresConnection(store.database.address)
    session.raw.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE application_name LIKE 'clew %' AND pid <> pg_backend_pid()"
    )
    session.close()


def test_processes_add_the_same_nodes_at_once(database: str) -> None:
    """The schema is made by whoever comes first."""
    writers = [start_writer(database, 0, 40, f"01RUN{n}") for n in range(4)]
    for writer in writers:
        assert writer.communicate()[0].split() == [str(n) for n in range(40)]
        assert writer.returncode == 0
    with open_postgres(database) as store:
        assert len(store.history("m:f", 1000)) == 40
        assert store.dangling() == ()
        assert [len(store.uses(f"01RUN{n}")) for n in range(4)] == [40] * 4


def test_what_was_acknowledged_survives_sigkill(database: str) -> None:
    writers = [start_writer(database, 10_000 * n, 10_000, f"01RUN{n}") for n in range(2)]
    acknowledged: list[int] = []
    for writer in writers:
        assert writer.stdout is not None
        acknowledged += [int(writer.stdout.readline()) for _ in range(60)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.communicate()[0].split("\n") if line]
    with open_postgres(database) as store:
        assert store.dangling() == ()
        for n in acknowledged:
            node = make_node("m:f", [str(n)], [f"r{n}"])
            assert store.node(node.id) == node
            assert stored_value(f"r{n}").id in store.describe([stored_value(f"r{n}").id])


def test_a_killed_writer_holds_nobody_up(store: SqlStore, database: str) -> None:
    script = (
        "import sys, time\n"
        "from clew.adapters.stores.sql.open import open_postgres\n"
        "with open_postgres(sys.argv[1]).transaction():\n"
        "    print('inside', flush=True)\n"
        "    time.sleep(600)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, database], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "inside\n"
    from clew.adapters.stores.sql.postgres.store import PostgresStore

    with PostgresStore(database, lock_timeout_s=0.2) as impatient:
        with pytest.raises(StoreError, match="locked for too long"):
            impatient.add([make_node("m:f")], [])
        assert impatient.runs() == ()  # Readers wait for nobody.
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    store.add([make_node("m:f")], [])


def test_a_transaction_that_fails_leaves_nothing(store: SqlStore) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.start(Run("01A", "m:flow", "running", 1))
        with pytest.raises(ValueError), store.transaction():
            store.start(Run("01B", "m:flow", "running", 1))
            raise ValueError
        assert store.run("01A") is not None
        assert store.run("01B") is None
        raise ZeroDivisionError
    assert store.run("01A") is None


def test_sessions_that_the_server_ended_are_opened_again(store: SqlStore) -> None:
    store.start(Run("01A", "m:flow", "running", 1))
    assert store.run("01A") is not None
    end_sessions(store)
    assert store.run("01A") is not None
    store.start(Run("01B", "m:flow", "running", 1))
    with pytest.raises(StoreError, match=r"ended the connection|was lost"), store.transaction():
        store.start(Run("01C", "m:flow", "running", 1))
        end_sessions(store)
        store.start(Run("01D", "m:flow", "running", 1))
    assert [run.id for run in store.runs()] == ["01B", "01A"]


def test_writes_of_others_are_noticed(store: SqlStore, database: str) -> None:
    seen = store.database.writes()
    with open_postgres(database) as other:
        other.start(Run("01A", "m:flow", "running", 1))
    assert store.database.writes() != seen


def test_threads_write_at_once(store: SqlStore) -> None:
    def work(number: int) -> None:
        for n in range(20):
            store.add([make_node("m:f", [f"{number}-{n}"], ["r"])], [stored_value("r")])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.history("m:f", 1000)) == 80


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_opens_its_own(store: SqlStore) -> None:
    store.start(Run("01A", "m:flow", "running", 1))
    pid = os.fork()
    if pid == 0:
        ok = store.run("01A") is not None
        store.start(Run("01B", "m:flow", "running", 1))
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert [run.id for run in store.runs()] == ["01B", "01A"]


def test_a_schema_of_another_program_is_refused(store: SqlStore, database: str) -> None:
    from clew.adapters.stores.sql.postgres.database import PostgresDatabase

    assert isinstance(store.database, PostgresDatabase)
    with store.database.reading() as connection:
        connection.execute("CREATE SCHEMA others")  # type: ignore[attr-defined]
        connection.execute("CREATE TABLE others.thing (n INTEGER)")
    with pytest.raises(StoreError, match="another program"):
        open_postgres(f"{database.partition('?')[0]}?schema=others")


def test_a_text_that_cannot_be_kept_is_the_callers_mistake(store: SqlStore) -> None:
    with pytest.raises(InvalidParameter, match="cannot keep"):
        store.start(Run("01A", "m:fl\0w", "running", 1))
    assert store.runs() == ()


def test_threads_that_read_share_a_few_connections(store: SqlStore) -> None:
    from clew.adapters.stores.sql.postgres.connection import PostgresConnection

    def look() -> None:
        for _ in range(20):
            store.runs()

    threads = [threading.Thread(target=look) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.database.reading() as session:
        assert isinstance(session, PostgresConnection)
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
        name = session.raw.execute("SHOW application_name").fetchone()
        assert 1 <= session.raw.execute(asked, name).fetchone()[0] <= 8


def test_a_server_that_is_full_says_what_to_do(database: str) -> None:
    script = (
        "import sys\n"
        "from clew.adapters.stores.sql.open import open_postgres\n"
        "from clew.errors import StoreError\n"
        "held = []\n"
        "try:\n"
        "    while True: held.append(open_postgres(sys.argv[1]))\n"
        "except StoreError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, database], capture_output=True, text=True)
    assert "lets nobody else in" in done.stdout, done.stderr
    assert "max_connections" in done.stdout


def test_a_dump_holds_all_of_a_store(store: SqlStore, database: str) -> None:
    server, _, schema = database.partition("?schema=")
    bin = postgres.programs()
    assert bin is not None
    run = Run("01A", "m:flow", "running", 1)
    store.start(run)
    store.add([make_node("m:f", [], ["r"])], [stored_value("r")])
    dump = [bin / "pg_dump", "--format=custom", f"--schema={schema}", server]
    dumped = subprocess.run(dump, capture_output=True, check=True).stdout
    store.close()
    postgres.clear(server, schema)
    subprocess.run([bin / "pg_restore", "--dbname", server], input=dumped, check=True)
    with open_postgres(database) as restored:
        assert restored.run("01A") == run
        assert len(restored.history("m:f", 10)) == 1
        restored.start(Run("01B", "m:flow", "running", 2))
        assert [one.id for one in restored.runs()] == ["01B", "01A"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("clew@", "stranger:sesame@"), "does not let this user in"),
        (("/postgres?", "/nowhere?"), "no such database"),
        (("?schema=", "?sslmode=sesame_not&schema="), "cannot be reached|address of the database"),
        (("?schema=", "?bogus=1&schema="), "address of the database"),
        (("127.0.0.1", "db.invalid"), "cannot be reached"),
    ],
)
def test_what_is_wrong_with_an_address_is_told(
    database: str, change: tuple[str, str], told: str
) -> None:
    with pytest.raises((StoreError, InvalidParameter), match=told) as caught:
        open_postgres(database.replace(*change))
    assert ":sesame" not in str(caught.value)


def test_a_wrong_password_is_told_and_not_shown(postgres_server: postgres.Server) -> None:
    import psycopg

    with psycopg.connect(postgres_server.address, autocommit=True) as session:
        session.execute("DROP ROLE IF EXISTS locked")
        session.execute("CREATE ROLE locked LOGIN PASSWORD 'open'")
        path = postgres_server.folder / "pg_hba.conf"
        rules = path.read_text()
        try:
            path.write_text(f"host all locked 127.0.0.1/32 scram-sha-256\n{rules}")
            session.execute("SELECT pg_reload_conf()")
            address = postgres_server.address.replace("clew@", "locked:sesame@")
            with pytest.raises(StoreError, match="does not let this user in") as caught:
                while True:  # Until the server has read the rule.
                    open_postgres(f"{address}?schema=locked")
        finally:
            path.write_text(rules)
            session.execute("SELECT pg_reload_conf()")
    assert "sesame" not in str(caught.value)


def test_a_user_without_rights_is_told(store: SqlStore, database: str) -> None:
    server = database.partition("?")[0]
    import psycopg

    with psycopg.connect(server, autocommit=True) as session:
        session.execute("DROP ROLE IF EXISTS guest")
        session.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(StoreError, match="may not use the store"):
        open_postgres(database.replace("clew@", "guest@"))


def test_a_newer_schema_is_left_alone(store: SqlStore, database: str) -> None:
    with store.database.writing() as connection:
        connection.execute("UPDATE schema_version SET version = 999")
    with pytest.raises(StoreError, match="newer clew"):
        open_postgres(database)


def test_what_cannot_be_reached_is_an_error_without_the_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_postgres("postgresql://clew:secret@127.0.0.1:1/nowhere")
    assert "secret" not in str(caught.value)
