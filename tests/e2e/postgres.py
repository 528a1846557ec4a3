"""A PostgreSQL of the tests' own: made, started and removed again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.e2e.servers import free_port

DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Postgres:
    """A running server on loopback, which asks its one user for a password."""

    binaries: Path
    port: int
    password: str
    user: str = "team"

    def url(self, database: str, dialect: str = "postgresql+psycopg") -> str:
        login = f"{self.user}:{quote(self.password, safe='')}"
        return f"{dialect}://{login}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database, "postgresql"), autocommit=True)

    def dump(self, database: str) -> str:
        """All that a database holds, as text."""
        done = subprocess.run(
            [str(self.binaries / "pg_dump"), "-h", "127.0.0.1", "-p", str(self.port), database],
            env={**os.environ, "PGUSER": self.user, "PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


def find_binaries() -> Path | None:
    """Where `initdb` is: Debian keeps it off the path, one folder a version."""
    if DEBIAN.is_dir() and (found := sorted(DEBIAN.glob("*/bin/initdb"))):
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_postgres(binaries: Path, password: str) -> Iterator[Postgres]:
    """Start a server with a password in a temporary folder; stop and remove it afterwards.

    Our own, because PostgreSQL refuses to be root, which tests in a container are, and
    pytest-postgresql and testing.postgresql start it as whoever runs the tests.
    """
    server = Postgres(binaries, free_port(), password)
    other = {"user": "postgres", "group": "postgres", "extra_groups": []} if not os.getuid() else {}
    place = Path(tempfile.mkdtemp(prefix="slipstream-postgres-"))  # short: sockets lie there
    (place / "password").write_text(password)
    if other:
        for each in (place, place / "password"):
            shutil.chown(each, "postgres", "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), "-D", str(place / "data"), *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        subprocess.run(command, cwd=place, check=True, **quiet, **other)

    try:
        auth = ["--auth", "scram-sha-256", "--pwfile", str(place / "password"), "--no-sync"]
        run("initdb", "--username", server.user, "--encoding", "UTF8", *auth)
        options = f"-p {server.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {place}"
        run("pg_ctl", "start", "--wait", "-l", str(place / "log"), "-o", options)
        try:
            yield server
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")
    finally:
        shutil.rmtree(place)
