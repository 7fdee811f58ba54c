"""A demo server for the tests: started once, spoken to over the network, stopped afterwards."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import yaml

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / ".build" / "browser"
# Which of the processes of the tests this is.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
BINARY = Path(os.environ.get("CAREKEEP_BINARY", ROOT / ".build" / "debug" / "carekeep"))

# A first start makes two PostgreSQL clusters and loads the demo with a debug binary, on a machine that may be busy.
START = 240
STOP = 40


def free_ports(count):
    """Ports that nobody listens on. Below those that the system gives to connections that begin here, and of each process of the
    tests its own share, so that nobody takes one before it is used."""
    share = int(WORKER.removeprefix("gw")) % 4
    ports = []
    while len(ports) < count:
        port = random.randrange(12_000 + share * 5_000, 17_000 + share * 5_000)
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            ports += [port] if port not in ports else []
    return ports


class Server:
    """A running `carekeep run --demo` with data, ports and certificates of its own."""

    host = "localhost"

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.https, self.http = free_ports(2)
        self.log = OUTPUT / f"server-{WORKER}.log"
        self.process = None

    # What the tests assume about the outside of `carekeep`, in one place.

    def configuration(self):
        return {
            "data_folder": str(self.data),
            "listen": {
                "https": {"host": "127.0.0.1", "port": self.https},
                "http": {"host": "127.0.0.1", "port": self.http},
            },
            # One address asks for all that the tests and the benchmark ask for.
            "rate_limits": {kind: 1_000_000_000 for kind in (
                "sign_in", "links", "pages", "reads", "writes", "searches", "exports", "open")},
            # A run of all probes in the middle of a test would be in its way.
            "promises": {"tried": "never"},
        }

    @property
    def authority(self):
        """The certificate authority that the server made for itself."""
        return self.data / "tls" / "authority.pem"

    @property
    def url(self):
        return f"https://{self.host}:{self.https}"

    def start(self):
        if not BINARY.exists():
            raise RuntimeError(f"{BINARY} is missing: run `swift build` first")
        OUTPUT.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "carekeep.yaml"
        configuration.write_text(yaml.safe_dump(self.configuration()))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "run", "--demo", "--config", configuration], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.wait_until_ready()

    def wait_until_ready(self):
        end = time.monotonic() + START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.last_words()}")
            if self.is_ready():
                return
            time.sleep(0.2)
        raise RuntimeError(f"the server was not ready after {START} s:\n{self.last_words()}")

    def is_ready(self):
        if not (self.authority.exists() and (self.data / "demo.json").exists()):
            return False
        try:
            with self.client() as client:
                return client.get("/health/ready", timeout=2).status_code == 200
        except (httpx.HTTPError, ssl.SSLError, OSError):
            return False

    def last_words(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise RuntimeError(f"the server did not stop within {STOP} s of SIGTERM")

    def trust(self):
        """A client's TLS settings: the server's authority, and no other."""
        return ssl.create_default_context(cafile=self.authority)

    def client(self, **options):
        """An HTTP client that believes in the server's certificate and follows no redirects."""
        return httpx.Client(base_url=self.url, verify=self.trust(), timeout=30, **options)

    def people(self):
        return [Somebody(one) for one in json.loads((self.data / "demo.json").read_text())]


class Somebody:
    """A person of the demo who can sign in."""

    def __init__(self, facts):
        self.organization = facts["organization"]
        self.profile = facts["profile"]
        self.name = facts["name"]
        self.email = facts["email"]
        self.password = facts["password"]
        self.role = facts["role"]
        self.secret = facts.get("secret")
        self.patients = [one["id"] if isinstance(one, dict) else one for one in facts["patients"]]

    def __repr__(self):
        return f"{self.role} {self.name} of {self.organization}"


class Folder:
    """A temporary folder with a path short enough for Unix sockets; kept if CAREKEEP_KEEP is set."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="carekeep-")
        # The server's unprivileged users must be able to pass through.
        os.chmod(self.path, 0o755)
        return self.path

    def __exit__(self, *_):
        if os.environ.get("CAREKEEP_KEEP"):
            print(f"kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)
