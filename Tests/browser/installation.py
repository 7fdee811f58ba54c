"""An installation of a test's own: `carekeep` commands on it, a server that is stopped and killed, and what it leaves."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import yaml

from code_app import STEP, app_of, csrf_of, second_step
from conftest import Api
from server import BINARY, OUTPUT, Folder, Server, free_ports

STORES = ("records", "keys")
PASSWORD = "seven lamps on the quay"


class Person:
    """Somebody who can sign in, as the clients of conftest.py want them."""

    def __init__(self, email, password=PASSWORD):
        self.email = email
        self.password = password


class Installation(Server):
    """An installation without a demo. Its folder has the configuration, the data and the sockets."""

    def __init__(self, folder, name, **settings):
        super().__init__(folder)
        self.settings = settings
        self.file = self.folder / "carekeep.yaml"
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self.log = OUTPUT / f"{name}.log"
        self.log.write_text("")
        self.said = []
        self.clients = []
        self.configure()

    def configuration(self):
        return super().configuration() | {"socket_folder": str(self.folder / "s")} | self.settings

    def configure(self, text=None):
        self.file.write_text(text if text is not None else yaml.safe_dump(self.configuration()))

    def limit(self, **rates):
        """These limits of requests. Of the others, as in all tests, there are none."""
        self.settings = self.settings | {"rate_limits": self.configuration()["rate_limits"] | rates}
        self.configure()

    # Commands

    def command(self, *arguments, **options):
        """Runs `carekeep …` to its end. What it says is kept in `said` too."""
        options = {"capture_output": True, "stdin": subprocess.DEVNULL, "timeout": 240, "cwd": self.folder} | options
        done = subprocess.run([BINARY, *arguments, "--config", self.file], text=True, **options)
        self.said.append((done.stdout or "") + (done.stderr or ""))
        return done

    def found(self, name="The Testers", email="ada@tester.example", owner="Ada Tester", profile="family", country="GB"):
        """Founds an organisation. Answers with the way that its owner's link leads, to set a password or to join."""
        done = self.command("init", "--name", name, "--profile", profile, "--country", country, "--owner", owner,
                            "--email", email)
        assert done.returncode == 0, done.stderr
        link = re.search(rf"https://localhost:{self.https}(/password\?link=\S+)", done.stdout)
        return link and link.group(1)

    # The server

    def start(self, *options, wait=True, **more):
        """Starts `carekeep run` as the leader of a process group, as a shell in a terminal does."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "run", *options, "--config", self.file], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True, **more)
        if wait:
            self.wait_until_ready()

    def is_ready(self):
        try:
            with self.client() as client:
                return client.get("/health/ready", timeout=2).status_code == 200
        except (httpx.HTTPError, OSError):
            return False

    def wait_until_ends(self, seconds=60):
        """The code with which the supervisor ends by itself."""
        return self.process.wait(seconds)

    def finish(self):
        """Stops everything, whatever state the test left it in."""
        for client in self.clients:
            client.close()
        try:
            self.stop()
        finally:
            for one in self.processes():
                kill(one, signal.SIGKILL)

    # Processes

    def processes(self):
        """Every process of this installation."""
        titles = [self.cluster_name(store) for store in STORES]
        return [id for id, arguments in every_process() if any(
            str(self.folder) in one or any(title in one for title in titles if title) for one in arguments)]

    def cluster_name(self, store):
        try:
            settings = (self.data / "clusters" / store / "postgresql.conf").read_text()
        except OSError:
            return None
        return re.search(r"^cluster_name = '(.+)'$", settings, re.MULTILINE).group(1)

    def server_process(self):
        """The process that talks to the network, or None."""
        for id, arguments in every_process():
            if arguments[1:2] == ["serve"] and str(self.file) in arguments:
                return id
        return None

    def postmaster(self, store):
        """The process of the store's database, or None."""
        for id, arguments in every_process():
            if arguments[0].endswith("postgres") and str(self.data / "clusters" / store) in arguments:
                return id
        return None

    # The databases

    def psql(self, store, statement, role="carekeep_admin", wrapper=()):
        """Runs SQL by hand, by default as the superuser."""
        target = f"host={self.folder}/s/{store} dbname={store} user={role} connect_timeout=10"
        return subprocess.run(
            [*wrapper, "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", statement],
            capture_output=True, text=True, timeout=60, cwd="/")

    def sql(self, store, statement):
        done = self.psql(store, statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    # People

    def set_password(self, way, password=PASSWORD, again=None, client=None):
        """Fills in the form behind a one-time link."""
        with self.client() as own:
            client = client or own
            form = client.get(way)
            if form.status_code != 200:
                return form
            token = re.search(r'name="token" value="([^"]+)"', form.text).group(1)
            fields = {"csrf": csrf_of(form), "token": token, "password": password,
                      "again": password if again is None else again}
            return client.post("/password", data=fields, headers={"Origin": self.url})

    def sign_in(self, client, person):
        """Fills in the sign-in form; the cookie stays with the client."""
        fields = {"csrf": csrf_of(client.get("/sign-in")), "email": person.email, "password": person.password}
        answer = client.post("/sign-in", data=fields, headers={"Origin": self.url})
        if answer.status_code == 303:
            second_step(self, client, person)
        return answer

    def code(self, person):
        """A code of somebody's app, at once: which ones were used is forgotten, as no server would."""
        app = app_of(self, person)
        if app is None:
            return None
        self.sql("records", "update care.second_factor set last_step = 0")
        # Of this step and not of the one before, which is over at any moment.
        app.last = int(time.time()) // STEP - 1
        return app.code()

    def api(self, person):
        self.clients.append(Api(self, person))
        return self.clients[-1]


def every_process():
    """The id and arguments of each process, zombies and kernel threads left out."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                arguments = (folder / "cmdline").read_bytes().decode(errors="replace").strip("\0").split("\0")
            except OSError:
                continue
            if arguments != [""]:
                found.append((int(folder.name), arguments))
    return found


def kill(process, with_signal):
    try:
        os.kill(process, with_signal)
    except ProcessLookupError:
        pass


def eventually(condition, seconds=30, every=0.1):
    """Waits until `condition()` is true, and answers with what it was last."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(every)


@contextlib.contextmanager
def installation(name, **settings):
    """An installation, from an empty folder to nothing left."""
    with Folder() as folder:
        own = Installation(folder, name, **settings)
        try:
            yield own
        finally:
            own.finish()


@contextlib.contextmanager
def measured(name):
    """An installation that shows its metrics, at `home.metrics`."""
    port, = free_ports(1)
    with installation(name) as home:
        home.metrics = f"http://127.0.0.1:{port}"
        home.settings = {"listen": home.configuration()["listen"] | {"metrics": {"host": "127.0.0.1", "port": port}}}
        home.configure()
        yield home


# FHIR that tests write

def patient(family="Testperson", given="Ida", born="2014-03-28", **more):
    return {"resourceType": "Patient", "name": [{"family": family, "given": [given]}], "birthDate": born} | more


def observation(about, text="Test of pain", **more):
    return {"resourceType": "Observation", "status": "final", "code": {"text": text},
            "subject": {"reference": f"Patient/{about}"}, "effectiveDateTime": "2026-01-02",
            "valueInteger": 3} | more


def create(api, resource):
    """Creates a resource and answers with its id."""
    answer = api.create(resource)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]
