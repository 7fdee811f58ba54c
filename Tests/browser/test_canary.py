"""The canary: a person who occurs nowhere else is written, read, looked for, made to fail and crashed upon, and then looked
for in every byte that is left behind. (ENC-4, LOG-1)

What must not be found are the words of `Canary`, in any of the forms of `patterns`. That the search would find them is shown
beside it: in files, in the databases' own files, in their write-ahead log and in their text logs.
"""

import base64
import contextlib
import json
import os
import random
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from conftest import csrf_of
from installation import STORES, Installation, Person, create, eventually, installation, kill
from server import BINARY

AS_ROOT = os.geteuid() == 0
FHIR = {"Content-Type": "application/fhir+json"}


# Words that occur nowhere else

def word(syllables=6):
    chance = random.SystemRandom()
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(syllables)).capitalize()


class Canary:
    """Everything about a person, their family and those who run the installation that is nobody's business."""

    def __init__(self):
        self.family, self.given, self.accented = word(), word(), word() + "éß" + word(3)
        self.diagnosis, self.note, self.medicine = word(), word(), word()
        self.street, self.city, self.telephone = word(), word(), word()
        self.identifier = word() + str(random.randrange(10**6, 10**7))
        self.born = date(1921, 1, 1) + timedelta(days=random.randrange(365 * 60))
        self.organization, self.owner, self.email = word(), word(), f"{word().lower()}@{word().lower()}.example"
        self.password, self.wrong_password = f"{word()} {word()} 7", f"{word()} {word()}"
        self.colleague, self.colleagues_email = word(), f"{word().lower()}@{word().lower()}.example"
        # Never stored: only sent in one way or another.
        self.sought, self.misplaced, self.device, self.header = word(), word(), word(), word()
        self.imported, self.unsaid = word(), word()

    @property
    def words(self):
        """Each word by a name of its own."""
        found = {}
        for name, value in vars(self).items():
            parts = re.split("[ @]", value.replace(".example", "")) if isinstance(value, str) else []
            found |= {f"{name} {number}" if number else name: part for number, part in enumerate(parts) if len(part) >= 8}
        return found

    @property
    def dates(self):
        d = self.born
        month = d.strftime("%B")
        return [d.isoformat(), d.strftime("%Y%m%d"), d.strftime("%d/%m/%Y"), d.strftime("%m/%d/%Y"), d.strftime("%d.%m.%Y"),
                d.strftime("%Y/%m/%d"), d.strftime("%d-%m-%Y"), f"{d.day} {month} {d.year}", f"{month} {d.day}, {d.year}",
                f"{d.day} {month[:3]} {d.year}", d.strftime("%d-%b-%Y")]

    def patient(self, **more):
        return {
            "resourceType": "Patient", "name": [{"family": self.family, "given": [self.given, self.accented]}],
            "birthDate": self.born.isoformat(), "gender": "female",
            "identifier": [{"system": "urn:test:numbers", "value": self.identifier}],
            "telecom": [{"system": "email", "value": f"{self.telephone}@home.example"}],
            "address": [{"line": [self.street], "city": self.city}]} | more

    def condition(self, about):
        return {"resourceType": "Condition", "subject": {"reference": about}, "onsetDateTime": self.born.isoformat(),
                "code": {"text": self.diagnosis}, "note": [{"text": f"She said: {self.note}."}]}

    def medication(self, about):
        return {"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": about},
                "medicationCodeableConcept": {"text": self.medicine}, "dosage": [{"text": f"{self.medicine} at night"}]}


# The search

def patterns(words, dates=()):
    """Every form in which a word could lie there, in lower case and without zero bytes; each with the word's name.

    A window of seven bytes is enough, since a compressed page or an index interrupts a word. Letters in UTF-16 and UTF-32 are
    letters with zero bytes between them, and the search leaves those out.
    """
    found = {}

    def add(name, form):
        found.setdefault(form.lower(), name)

    for name, text in words.items():
        spellings = {text, text.lower(), text.upper(), unicodedata.normalize("NFD", text), text.casefold(),
                     "".join(one for one in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(one))}
        for spelling in spellings:
            raw = spelling.encode()
            for start in range(len(raw) - 6):
                add(name, raw[start:start + 7])
            for encoded in (raw, spelling.encode("utf-16le"), spelling.encode("utf-16be")):
                add(name, encoded[:10].hex().encode())
                for in_base64 in base64_forms(encoded):
                    add(name, in_base64[:24])
            add(name, urllib.parse.quote(spelling).encode())
            add(name, json.dumps(spelling)[1:-1].encode())
    for form in dates:
        add("birth date", form.encode())
        add("birth date", form.encode().hex().encode())
        add("birth date", form.encode("utf-16le").hex().encode())
        for in_base64 in base64_forms(form.encode()):
            add("birth date", in_base64)
        add("birth date", urllib.parse.quote(form, safe="").encode())
    assert all(len(form) >= 7 and b"\n" not in form for form in found)
    return found


def base64_forms(text):
    """The letters that stand for a text within base64, wherever it begins: those at either end its surroundings decide."""
    for before in range(3):
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            yield alphabet(b"\0" * before + text)[(0, 2, 3)[before]:(before + len(text)) * 8 // 6]


def search(files, forms):
    """Which of the forms each file holds: `{path: {names}}`, and how many bytes were looked at."""
    hits, looked_at = {}, 0
    with tempfile.NamedTemporaryFile() as list_of_forms:
        list_of_forms.write(b"\n".join(forms))
        list_of_forms.flush()
        for path in files:
            try:
                content = Path(path).read_bytes()
            except FileNotFoundError:  # a database that runs removes files
                continue
            looked_at += len(content)
            done = subprocess.run(
                ["grep", "-F", "-a", "-o", "-f", list_of_forms.name], input=content.lower().translate(None, b"\0"),
                stdout=subprocess.PIPE, env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
            assert done.returncode in (0, 1)
            if done.stdout:
                hits[str(path)] = {forms[one] for one in done.stdout.splitlines()}
    return hits, looked_at


def files_under(*folders):
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


# The exercise

class Exercise:
    """Everything that happens to the canary, in order."""

    def __init__(self):
        self.canary = Canary()
        self.answers = []
        self.patient = None

    def run(self, home):
        self.home = home
        self.begun = time.time()
        c = self.canary
        link = home.found(c.organization, c.email, c.owner)
        home.start()
        assert home.set_password(link, c.password).status_code == 303
        self.me = Person(c.email, c.password)
        for step in (self.write, self.bring, self.read, self.look_for, self.show, self.share, self.sign_in_wrongly,
                     self.send_nonsense, self.speak_nonsense, self.fail_statements, self.crash_databases,
                     self.crash_commands, self.crash_server):
            with home.api(self.me) as self.api:
                self.api.headers["User-Agent"] = c.device
                step(c)
        for store in STORES:
            home.sql(store, "checkpoint")

    def write(self, c):
        self.patient = create(self.api, c.patient())
        self.about = f"Patient/{self.patient}"
        self.condition = create(self.api, c.condition(self.about))
        create(self.api, {"resourceType": "Practitioner", "name": [{"family": c.family}]})
        mother = f"urn:uuid:{uuid.uuid4()}"
        entries = [(mother, c.patient(name=[{"family": c.family, "given": [c.accented]}])), (None, c.condition(mother)),
                   (None, c.medication(mother))]
        answer = self.api.post("", headers=FHIR, json={"resourceType": "Bundle", "type": "transaction", "entry": [
            ({"fullUrl": url} if url else {}) | {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
            for url, one in entries]})
        assert answer.status_code == 200, answer.text

    def bring(self, c):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "in.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [
                {"fullUrl": "urn:uuid:11111111-1111-1111-1111-111111111111",
                 "resource": c.patient(name=[{"family": c.imported}], identifier=[
                     {"system": "http://hl7.org/fhir/sid/us-ssn", "value": c.unsaid}])},
                {"resource": c.condition("urn:uuid:11111111-1111-1111-1111-111111111111")},
                {"resource": c.condition("Patient/missing")}]}))
            (Path(folder) / "bad.json").write_text(json.dumps(c.patient(gender=c.misplaced)))
            (Path(folder) / "password").write_text(c.password)
            done = self.home.command("import", "--as", c.email, "--password-file", f"{folder}/password", f"{folder}/in.json",
                                     f"{folder}/bad.json")
            assert "in.json: 4 records" in done.stdout and "bad.json: refused" in done.stderr, done
            (Path(folder) / "password").write_text(c.wrong_password)
            assert self.home.command("import", "--as", c.email, "--password-file", f"{folder}/password",
                                     f"{folder}/in.json").returncode == 64

    def read(self, c):
        for path in (self.about, f"{self.about}/$everything", f"Condition/{self.condition}"):
            answer = self.api.get(path)
            assert answer.status_code == 200
        assert c.note in answer.text and c.diagnosis in answer.text

    def look_for(self, c):
        queries = [{"family": c.family}, {"given": c.accented}, {"name": c.given.lower()}, {"birthdate": c.born.isoformat()},
                   {"identifier": f"urn:test:numbers|{c.identifier}"}, {"name": c.sought},
                   {"name": c.family, "birthdate": f"le{c.born.isoformat()}"}]
        found = 0
        for query in queries:
            for answer in (self.api.get("Patient", params=query), self.api.post("Patient/_search", data=query)):
                found += answer.status_code == 200 and c.family in answer.text
                self.answers.append(answer)
        assert found >= 8
        for query in ({"code:text": c.diagnosis}, {"code": f"{c.sought}|{c.diagnosis}"}, {"_content": c.note}, {c.sought: c.note},
                      {"onset-date": c.born.isoformat()}, {"_count": c.sought}, {"date": c.sought}, {"_offset": c.sought},
                      {"_sort": c.sought}, {f"code:{c.sought}": c.note}):
            for answer in (self.api.get("Condition", params={"patient": self.patient} | query),
                           self.api.post("Condition/_search", data={"patient": self.patient} | query)):
                assert answer.status_code < 500, answer.text
        for path in (f"Patient/{c.sought}", f"{c.sought}", f"{c.sought}/{c.note}", f"Patient/{self.patient}/{c.sought}",
                     f"Patient/{self.patient}/${c.sought}", f"Condition?patient={c.sought}&_id={c.note}", f"../{c.sought}",
                     f"Patient?{c.sought}", f"Patient?name=%ff{c.sought}", f"Patient?name={'x' * 9000}{c.sought}"):
            assert self.api.get(path).status_code < 500

    @contextlib.contextmanager
    def pages(self):
        with self.home.client(headers={"User-Agent": self.canary.device}) as client:
            assert self.home.sign_in(client, self.me).status_code == 303
            yield client

    def post(self, client, page, path, **fields):
        return client.post(path, data={"csrf": csrf_of(client.get(page))} | fields, headers={"Origin": self.home.url})

    def show(self, c):
        with self.pages() as client:
            list_page = client.get("/patients")
            assert c.family in list_page.text and c.owner in list_page.text and c.organization in list_page.text
            for fields in ({"name": c.family}, {"born": c.born.isoformat()}, {"identifier": c.identifier}, {"name": c.sought},
                           {"born": c.sought}, {c.sought: c.note}, {"name": c.sought * 500}):
                assert self.post(client, "/patients", "/patients", **fields).status_code < 500
            here = f"/patients/{self.patient}"
            record = client.get(f"{here}/records/Condition.{self.condition}")
            assert c.note in record.text and c.diagnosis in record.text
            for page in (here, f"{here}?show={c.sought}&span={c.note}", f"{here}/looks", f"{here}/looks?page={c.sought}",
                         f"{here}/sharing", f"{here}/records/{c.sought}", f"/patients/{c.sought}", f"/{c.sought}",
                         f"/sign-in?next=/{c.sought}"):
                assert client.get(page, headers={"Referer": f"{self.home.url}/{c.header}"}).status_code < 500

    def share(self, c):
        answer = self.api.post(f"{self.home.url}/api/members", json={
            "name": c.colleague, "email": c.colleagues_email, "roles": ["clinician"]})
        assert answer.status_code == 201, answer.text
        assert self.home.set_password(answer.json()["link"], c.password[::-1]).status_code == 303
        assert c.colleague in self.api.get(f"{self.home.url}/api/members").text
        here = f"/patients/{self.patient}/sharing"
        colleague = next(one["id"] for one in self.api.get(f"{self.home.url}/api/members").json() if one["name"] == c.colleague)
        with self.pages() as client:
            self.post(client, here, here, clinician=c.sought, purpose=c.note, until=c.born.isoformat())
            until = (date.today() + timedelta(days=30)).isoformat()
            assert self.post(client, here, here, clinician=colleague, purpose="treatment", until=until,
                             **{"see-health": "yes"}).status_code == 303
            assert c.colleague in client.get(here).text
            with self.home.api(Person(c.colleagues_email, c.password[::-1])) as reader:
                assert c.note in reader.get(f"Condition/{self.condition}").text
                assert reader.post("Condition", json=c.condition(self.about), headers=FHIR).status_code == 404
            assert c.colleague in client.get(f"/patients/{self.patient}/looks").text
            self.post(client, here, f"{here}/stop", share=c.sought)

    def sign_in_wrongly(self, c):
        with self.home.client() as client:
            for person in (Person(c.email, c.wrong_password), Person(f"{c.sought}@nowhere.example", c.wrong_password),
                           Person(c.wrong_password, c.email), Person(c.sought * 100, c.wrong_password * 100)):
                assert self.home.sign_in(client, person).status_code == 401
                client.post("/api/session", json={"email": person.email, "password": person.password})
            client.post("/api/session", json={"email": {c.email: 1}, "password": [c.wrong_password]})
            client.post("/api/session", json={"email": c.email, "password": c.password, "organization": c.sought})
            client.post("/api/session", content=f'{{"email": "{c.email}", "password": "{c.wrong_password}', headers=FHIR)
            client.post("/sign-in", data={"csrf": c.sought, "email": c.email, "password": c.wrong_password})
            client.get("/password", params={"link": c.sought})
            client.post("/password", data={"csrf": c.sought, "token": c.sought, "password": c.wrong_password})
            for headers in ({"Authorization": f"Bearer {c.header}"}, {"Authorization": f"Basic {c.header}"},
                            {"Cookie": f"__Host-carekeep={c.header}; __Host-visitor={c.header}"}):
                assert client.get("/fhir/Patient", headers=headers).status_code == 401

    def send_nonsense(self, c):
        good = json.dumps(c.condition(self.about), ensure_ascii=False)
        bodies = [
            good[:-9], good + c.misplaced, good.replace('"code"', f'"{c.misplaced}"'), good.replace("{", "{{", 1),
            good[:-1] + f',"note":"{c.misplaced}"}}', good[:-1] + f',"{c.misplaced}":"{c.note}"}}',
            good.replace(c.born.isoformat(), c.misplaced), good.replace(c.born.isoformat(), c.born.strftime("%d.%m.%Y")),
            good.replace(self.about, f"Patient/{c.misplaced}"), good.replace(self.about, c.misplaced),
            good.replace("Condition", c.misplaced, 1), good.replace(c.note, c.note * 200_000),
            good[:-1] + f',"{c.misplaced * 100_000}":1}}', good.replace(c.note, c.note + "\\u0000"),
            good.replace(c.note, c.note + "\\ud800"), good.replace(c.note, c.note + "\0"), c.note, f'"{c.note}"', f'["{c.note}"]',
            good.replace("text", "text\xff", 1), json.dumps(c.patient(birthDate=c.misplaced)),
            json.dumps(c.patient(gender=c.misplaced)), json.dumps(c.patient(name=c.misplaced)),
            json.dumps(c.patient(multipleBirthInteger=c.misplaced)), json.dumps(c.patient(link=[{"other": {"reference": c.misplaced}}])),
            json.dumps(c.patient(identifier=[{"system": "http://hl7.org/fhir/sid/us-ssn", "value": c.unsaid}])),
            json.dumps(c.patient(text={"status": "generated", "div": f"<div><script>{c.misplaced}</script></div>"})),
        ]
        for body in bodies:
            for path in ("Condition", "Patient", "", "Condition/$validate", f"{c.misplaced}"):
                for encoding in ("utf-8", "latin-1"):
                    answer = self.api.post(path, content=body.encode(encoding, "replace"), headers=FHIR)
                    assert answer.status_code < 500 and answer.status_code != 201, (answer.status_code, body[:200])
                    if len(body) > 10_000:
                        break
        wrong = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": c.misplaced, "resource": c.condition(self.about), "request": {"method": "POST", "url": c.misplaced}}]}
        assert self.api.post("", json=wrong, headers=FHIR).status_code in (400, 422)
        for headers in ({"Content-Type": c.header}, {"Accept": c.header}, {c.header: c.note}, {"X-Forwarded-For": c.header},
                        {"Host": f"{c.header}.example"}, {"If-None-Exist": f"name={c.note}"}, {"Prefer": c.header},
                        {"Content-Encoding": c.header}, {"traceparent": c.header}, {"X-Request-Id": c.header}):
            with contextlib.suppress(httpx.RemoteProtocolError):
                self.api.post("Condition", content=good[:-3].encode(), headers=FHIR | headers)
        for method in (c.header.upper(), "PUT", "PATCH", "DELETE", "TRACE"):
            with contextlib.suppress(httpx.RemoteProtocolError):
                self.api.request(method, f"Patient/{c.misplaced}", content=good.encode())

    def speak_nonsense(self, c):
        """What is no HTTP, no TLS, or HTTP where HTTPS belongs."""
        lines = [f"{c.header}\r\n\r\n", f"GET /{c.header} HTTP/9.9\r\n\r\n", f"GET /{c.header} {c.note}\r\n\r\n",
                 f"GET / HTTP/1.1\r\n{c.header}\r\n\r\n", f"POST /sign-in HTTP/1.1\r\nHost: {c.header}\r\nContent-Length: 999\r\n\r\n{c.note}",
                 f"POST /fhir HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz{c.note}\r\n",
                 f"GET /fhir/Patient?name={c.family} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {c.header}\r\n\r\n"]
        anyone = ssl.create_default_context()
        anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE
        for line in lines:
            for port, secure in ((self.home.http, False), (self.home.https, False), (self.home.https, True)):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as plain:
                    plain.settimeout(0.3)
                    channel = anyone.wrap_socket(plain, server_hostname=f"{c.header}.example") if secure else plain
                    channel.sendall(line.encode())
                    with contextlib.suppress(TimeoutError):
                        channel.recv(4096)

    @contextlib.contextmanager
    def under_way(self, count=6):
        """Requests with the words in them, without a pause; what they are answered is kept."""
        over = threading.Event()
        c = self.canary

        def work(number):
            with httpx.Client(base_url=self.api.base_url, headers=self.api.headers, verify=self.home.trust(), timeout=60) as api:
                while not over.is_set():
                    with contextlib.suppress(httpx.HTTPError):
                        self.answers.append(
                            api.post("Condition", json=c.condition(self.about), headers=FHIR) if number % 3 == 0
                            else api.get("Patient", params={"family": c.family, "birthdate": c.born.isoformat()})
                            if number % 3 == 1 else api.get(f"Condition/{self.condition}"))
                    if self.answers and self.answers[-1].status_code >= 500:
                        time.sleep(0.05)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for one in threads:
            one.start()
        time.sleep(0.5)
        try:
            yield
        finally:
            over.set()
            for one in threads:
                one.join(60)

    @contextlib.contextmanager
    def locked(self):
        """While the table of records is locked, so that statements wait, with their parameters in hand."""
        target = f"host={self.home.folder}/s/records dbname=records user=carekeep_admin"
        locker = subprocess.Popen(["psql", "-X", "-q", "-d", target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/")
        locker.stdin.write("begin; lock table care.record in access exclusive mode; select 'locked';\n")
        locker.stdin.flush()
        while "locked" not in locker.stdout.readline():
            pass
        time.sleep(0.5)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                locker.stdin.close()
            locker.wait(20)

    WAITING = "from pg_stat_activity where usename = 'carekeep_server' and wait_event_type = 'Lock'"

    def fail_statements(self, c):
        """Statements that end in an error of the database's: cancelled by time or hand, and refused."""
        with self.under_way(), self.locked():
            assert int(self.home.sql("records", f"select count(pg_cancel_backend(pid)) {self.WAITING}")) > 0
        with self.under_way(), self.locked():
            assert int(self.home.sql("records", f"select count(pg_terminate_backend(pid)) {self.WAITING}")) > 0
        assert eventually(self.home.is_ready)
        # As somebody at the server's own account would, with the words in the statement.
        role = ("setpriv", "--reuid=carekeep", "--regid=carekeep", "--init-groups") if AS_ROOT else ()
        for statement in (f"select '{c.unsaid}'::int", f"select * from care.{c.unsaid}", f"select 1/0 as {c.unsaid}",
                          f"insert into care.record (kind) values ('{c.unsaid}')", f"set {c.unsaid}.x = 1; select '{c.note}' from",
                          f"do $$ begin raise warning '{c.unsaid}'; raise exception '{c.note}'; end $$",
                          f"select pg_sleep(1), '{c.unsaid}'", f"set statement_timeout = '200ms'; select pg_sleep(1), '{c.note}'"):
            self.home.psql("records", statement, "carekeep_server", role)

    def crash_databases(self, c):
        with self.under_way(), self.locked():
            # One session of PostgreSQL's crashes; its postmaster would like to say what it was doing.
            waiting = self.home.sql("records", f"select pid {self.WAITING}").splitlines()
            kill(int(waiting[0]), signal.SIGSEGV)
            time.sleep(1)
        assert eventually(self.home.is_ready, 60)
        for store, with_signal in (("records", signal.SIGKILL), ("keys", signal.SIGKILL), ("records", signal.SIGABRT)):
            with self.under_way():
                before = self.home.postmaster(store)
                kill(before, with_signal)
                assert eventually(lambda: self.home.postmaster(store) not in (None, before), 60)
                assert eventually(self.home.is_ready, 60)

    def crash_server(self, c):
        for with_signal in (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGILL):
            with self.under_way():
                before = self.home.server_process()
                kill(before, with_signal)
                assert eventually(lambda: self.home.server_process() not in (None, before), 60)
                assert eventually(self.home.is_ready, 60)
            time.sleep(10.5 if with_signal == signal.SIGABRT else 0)  # the supervisor gives up after five quick ends

    def crash_commands(self, c):
        """An import has the words in memory in clear."""
        with tempfile.TemporaryDirectory() as folder:
            many = {"resourceType": "Bundle", "type": "collection", "entry": [
                {"resource": c.condition("Patient/somebody")} for _ in range(10_000)]}
            (Path(folder) / "in.json").write_text(json.dumps(many))
            (Path(folder) / "password").write_text(c.password)
            for with_signal in (signal.SIGSEGV, signal.SIGABRT):
                with open(self.home.log, "ab") as log:
                    importing = subprocess.Popen(
                        [BINARY, "import", "--as", c.email, "--password-file", f"{folder}/password", f"{folder}/in.json",
                         "--config", self.home.file], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.home.folder)
                time.sleep(0.8)
                assert importing.poll() is None, "still at it"
                importing.send_signal(with_signal)
                assert importing.wait(30) == -with_signal


@contextlib.contextmanager
def cores_allowed():
    """Where the machine would keep core files, whether there are any is up to carekeep."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2 if AS_ROOT else (before[1],) * 2)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.fixture(scope="module")
def exercise():
    """An installation through which the canary has gone, stopped."""
    with installation("canary") as home:
        exercise = Exercise()
        (home.folder / "tmp").mkdir()
        (home.folder / "tmp").chmod(0o1777)
        with cores_allowed(), pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as own:
            tempfile.tempdir = own  # the exercise's own files lie elsewhere than those of what it exercises
            patch.setenv("TMPDIR", str(home.folder / "tmp"))
            try:
                exercise.run(home)
            finally:
                tempfile.tempdir = None
        home.stop()
        yield exercise


@pytest.fixture(scope="module")
def home(exercise):
    return exercise.home


def everything(exercise):
    """All files that the installation has left: data, write-ahead log, logs, sockets, certificates, cores, temporary files."""
    home = exercise.home
    yield from files_under(home.folder)
    yield home.log
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/var/crash"):
        for path in Path(folder).glob("*") if os.path.isdir(folder) else ():
            with contextlib.suppress(OSError):
                if path.is_file() and path.stat().st_mtime >= exercise.begun and (
                        path.owner().startswith("carekeep") or any(
                            one in path.name.lower() for one in ("carekeep", "core", "swift", "crash", "postgres", "pgsql"))):
                    yield path


def test_no_word_of_it_is_left_anywhere(exercise):
    forms = patterns(exercise.canary.words, exercise.canary.dates)
    began = time.monotonic()
    hits, looked_at = search(everything(exercise), forms)
    print(f"\n{len(exercise.canary.words)} words and {len(exercise.canary.dates)} dates in {len(forms)} forms, "
          f"{looked_at / 2**20:.0f} MiB, {time.monotonic() - began:.0f} s: {len(hits)} files with a hit")
    assert looked_at > 50 * 2**20, "two clusters are larger than that"
    assert not hits, hits


def test_what_commands_said_names_nobody(exercise):
    said = "\n".join(exercise.home.said)
    found = {name for name, one in exercise.canary.words.items() if one.lower() in said.lower()}
    assert "in.json: 4 records" in said and not found


def test_answers_that_failed_name_nobody(exercise):
    """While the database was away too. (What was found is answered with names, of course.)"""
    failed = [one for one in exercise.answers if one.status_code >= 500]
    assert len(failed) >= 5, "the exercise made requests fail"
    forms = patterns(exercise.canary.words, exercise.canary.dates)
    for answer in failed:
        content = answer.content.lower()
        assert not [forms[form] for form in forms if form in content], answer.status_code


def test_no_crash_left_a_core_or_a_report(exercise):
    log = exercise.home.log.read_text(errors="replace")
    assert "server has ended with 139" in log and "server has ended with 134" in log and "ended with 137" in log
    for trace in ("Backtrace", "Crash:", "Registers:", "Thread 0", "*** Signal", "Fatal error", "0x00007f"):
        assert trace not in log, trace
    assert not [one for one in files_under(exercise.home.folder) if one.name == "core" or one.name.startswith("core.")]


def test_the_databases_logs_tell_of_the_crash_and_not_of_what_was_being_done(exercise):
    logs = b"".join(one.read_bytes() for one in files_under(*(exercise.home.data / "clusters" / s / "log" for s in STORES)))
    assert b"was terminated by signal 11" in logs, "the log is the one"
    for telling in (b"STATEMENT", b"DETAIL", b"CONTEXT", b"Failed process was running", b"insert into", b"$1", b"ERROR"):
        assert telling not in logs, telling


def test_what_the_server_logs_are_ids_and_metadata(exercise):
    lines = [line for line in exercise.home.log.read_text(errors="replace").splitlines() if line.startswith("{")]
    assert len(lines) > 300
    for line in lines:
        entry = json.loads(line)
        assert {"time", "level", "event"} <= set(entry) <= {
            "time", "level", "event", "request", "method", "route", "status", "microseconds", "port", "error", "code",
            "constraint", "label", "place"}, line


# The search finds what is there

WAYS = {
    "as it is": lambda text: text.encode(), "in capitals": lambda text: text.upper().encode(),
    "UTF-16, little end first": lambda text: text.encode("utf-16le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16be"), "hexadecimal": lambda text: text.encode().hex().encode(),
    "hexadecimal, in capitals": lambda text: text.encode().hex().upper().encode(),
    "hexadecimal of UTF-16": lambda text: text.encode("utf-16le").hex().encode(),
    "base64, at 0": lambda text: base64.b64encode(f"{text}zz".encode()),
    "base64, at 1": lambda text: base64.b64encode(f"a{text}zz".encode()),
    "base64, at 2": lambda text: base64.b64encode(f"ab{text}zz".encode()),
    "base64url, of UTF-16": lambda text: base64.urlsafe_b64encode(f"abc{text}zz".encode("utf-16be")),
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "in an address": lambda text: urllib.parse.quote(text).encode(), "in part": lambda text: text.encode()[2:10],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["family", "accented"])
def test_the_search_finds_a_word_in_a_file(exercise, way, name):
    text = exercise.canary.words[name]
    planted = exercise.home.data / "planted"
    planted.write_bytes(os.urandom(50_000) + WAYS[way](text) + os.urandom(50_000))
    try:
        hits, _ = search(files_under(exercise.home.data / "tls", exercise.home.data)
                         if way == "as it is" else [planted], patterns({name: text}))
        assert hits == {str(planted): {name}}
    finally:
        planted.unlink()


def test_the_search_finds_a_word_in_a_core_file(exercise):
    """So that there being none means something."""
    pattern = Path("/proc/sys/kernel/core_pattern")
    if not pattern.exists() or "/" in pattern.read_text() or "|" in pattern.read_text():
        pytest.skip("core files go elsewhere on this machine")
    folder, name = exercise.home.folder / "tmp", word()
    with cores_allowed():
        if resource.getrlimit(resource.RLIMIT_CORE)[0] == 0:
            pytest.skip("core files are forbidden on this machine")
        subprocess.run([sys.executable, "-c", "import os, sys; os.abort()", name], cwd=folder)
    assert {one for hit in search(files_under(folder), patterns({"core": name}))[0].values() for one in hit} == {"core"}
    for core in folder.glob("core*"):
        core.unlink()


def test_the_search_finds_a_date_in_a_file(exercise):
    planted = exercise.home.data / "planted"
    for form in exercise.canary.dates:
        for way in (str.encode, lambda one: base64.b64encode(one.encode() + b"zz"), lambda one: one.encode("utf-16le")):
            planted.write_bytes(os.urandom(10_000) + way(form) + os.urandom(10_000))
            assert search([planted], patterns({}, exercise.canary.dates))[0], form
    planted.unlink()


@pytest.fixture
def running(home):
    home.start()
    yield home
    home.stop()


@pytest.mark.parametrize("store", STORES)
def test_the_search_finds_a_word_that_was_put_into_the_database_in_clear(running, store):
    """In the table's own file, also where pages are compressed; in the write-ahead log; and still after it was deleted."""
    plain, indexed = word(), word()
    # Compression puts a byte of its own before each eight and replaces three that stood before: a short word may be cut into six
    # and six. No three letters of this one stand twice.
    consonants = random.sample("bdfgklmnprstvz", 14)
    folded = "".join(consonant + random.choice("aeiou") for consonant in consonants)
    running.sql(store, f"""create table public.scratch (word text, long text);
        create index on public.scratch (word);
        insert into public.scratch values ('{plain}', repeat('0123456789 ', 2000) || '{folded}');
        insert into public.scratch values ('{indexed}', null); delete from public.scratch; checkpoint""".replace("\n", " "))
    forms = patterns({"plain": plain, "compressed": folded, "indexed": indexed})
    cluster = running.data / "clusters" / store
    heap, _ = search(files_under(cluster / "base"), forms)
    log, _ = search(files_under(cluster / "pg_wal"), forms)
    running.sql(store, "drop table public.scratch")
    everywhere = {"plain", "compressed", "indexed"}
    assert set().union(*heap.values()) == everywhere and set().union(*log.values()) == everywhere


@pytest.mark.parametrize("store", STORES)
def test_the_search_finds_a_word_in_the_databases_logs(running, store):
    name = word().lower()
    running.psql(store, "select 1", role=name)
    logs = running.data / "clusters" / store / "log"
    assert eventually(lambda: search(files_under(logs), patterns({"role": name}))[0], 5)


# Without the keys there is nothing to read

# Paths, and whether a list is answered.
PATHS = (("Patient/{patient}", False), ("Condition/{condition}", False), ("Patient/{patient}/$everything", True),
         ("Condition?patient={patient}", True), ("Patient?family={family}", True))


def ask_everything(exercise, home):
    """What the API answers about the canary: statuses and texts."""
    paths = [path.format(patient=exercise.patient, condition=exercise.condition, family=exercise.canary.family)
             for path, _ in PATHS]
    with home.api(exercise.me) as api, ThreadPoolExecutor() as all_at_once:
        return [(one.status_code, one.text) for one in all_at_once.map(api.get, paths)]


def reveals(exercise, text):
    forms = patterns(exercise.canary.words, exercise.canary.dates)
    return {forms[form] for form in forms if form in text.lower().encode()}


def test_while_the_keys_are_away_nothing_is_answered_in_clear(exercise, running):
    home = running
    with home.api(exercise.me):  # what signing in takes is in the server's memory now, and no patient's key
        home.process.send_signal(signal.SIGSTOP)  # or it would start them again
        try:
            kill(home.postmaster("keys"), signal.SIGKILL)
            assert eventually(lambda: home.postmaster("keys") is None)
            answers = ask_everything(exercise, home)
        finally:
            home.process.send_signal(signal.SIGCONT)
    for status, text in answers:
        assert status == 503 and json.loads(text)["resourceType"] == "OperationOutcome", text
        assert not reveals(exercise, text)
    assert eventually(lambda: home.postmaster("keys") is not None)
    assert eventually(lambda: [status for status, _ in ask_everything(exercise, home)] == [200] * 5)


@pytest.fixture(scope="module")
def answers_without_keys(exercise):
    """What a copy answers, such as a thief or a backup has, whose people's keys are gone."""
    with tempfile.TemporaryDirectory(prefix="carekeep-") as folder:
        os.chmod(folder, 0o755)
        copy = Installation(folder, "canary-copy")
        subprocess.run(["cp", "-a", exercise.home.data, copy.data], check=True)
        try:
            copy.start()
            assert [status for status, _ in ask_everything(exercise, copy)] == [200] * 5, "as it is, the copy opens"
            copy.stop()
            copy.start()
            copy.sql("keys", "delete from keys.subject_key")
            return ask_everything(exercise, copy)
        finally:
            copy.finish()


def test_records_without_their_keys_cannot_be_opened(exercise, answers_without_keys):
    for (status, text), (_, is_list) in zip(answers_without_keys, PATHS):
        assert not reveals(exercise, text)
        assert status >= 400 or is_list and "entry" not in json.loads(text)


def test_lost_keys_are_an_error_and_not_an_empty_record(answers_without_keys):
    assert all(status >= 500 for status, _ in answers_without_keys)
