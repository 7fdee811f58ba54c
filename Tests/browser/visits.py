"""Every page that the portal serves, and who visits it how: for tests that look at all of them (test_accessibility.py).

A new page takes one line in `VISITS`. The first word of a route's pattern is not `api`, and whatever answers something other than a page
is in `NO_PAGES`, with the reason.
"""

import datetime
import re
import secrets
import subprocess
import time
from dataclasses import dataclass
from typing import Callable

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from code_app import CodeApp, csrf_of, second_step
from conftest import Api
from installation import BINARY, PASSWORD, Person, eventually
from mailbox import link_in
from server import ROOT

ADA, BEA = Person("ada@tester.example"), Person("bea@tester.example")

# Routes that answer something other than a page of their own.
NO_PAGES = {
    "health": "a number", "health/live": "a number", "health/ready": "a number",
    "trust.json": "a signed file", ".well-known/security.txt": "a file",
    "trust/vouch/:promise/evidence/:attestation": "a file that somebody sent",
    "sign-in/with/{provider}": "leads to a provider", "sign-in/leave/{provider}": "leads to a provider",
    "fhir/metadata": "FHIR",
}


def routes():
    """The pattern of every GET that the portal answers outside the API, as the source names it."""
    found = set()
    for file in (ROOT / "Sources" / "Portal").rglob("*.swift"):
        found |= {path for group, path in re.findall(r'\b(\w+)\.get\(\s*"([^"]*)"\)', file.read_text()) if group not in ("api", "parameters")}
    return found


@dataclass
class Visit:
    """One look at one page."""

    name: str
    route: str
    who: str | None
    path: Callable[["Places"], str]
    # What is done there before the look: `act(window, places)`.
    act: Callable | None = None
    # Whether the page says that something was wrong.
    is_wrong: bool = False

    def __str__(self):
        return self.name


class Places:
    """Where the pages are: the demo, and an installation of one family with mail and a provider. Signs people in, once."""

    def __init__(self, demo, people, home, provider):
        self.demo, self.people, self.home, self.provider = demo, people, home, provider
        self.parent = people.parent
        self.owner = people.one(role="owner, doctor")
        self.patient, self.owners_patient = self.parent.patients[0], self.owner.patients[0]
        self.cookies, self.clients = {}, []
        self.persons = {
            "ada": ADA, "bea": BEA, "parent": self.parent, "owner": self.owner, "half": people.one(role="doctor"),
            "doctor": people.one(role="doctor"), "lone": people.one(role="front desk, reaches nobody yet")}
        self.prepare()

    def prepare(self):
        self.ada = self.enter(self.home, ADA)
        with self.home.api(ADA) as owner:
            post = lambda path, **body: owner.post(f"{self.home.url}{path}", **body)
            answer = post("/api/members", json={"name": "Bea Tester", "email": BEA.email, "roles": ["caregiver"]})
            assert answer.status_code == 201, answer.text
            self.home.set_password(self.letter_to(BEA.email))
            answer = post("/api/roles", json={"name": "reader", "permissions": ["member.read"]})
            assert answer.status_code == 201, answer.text
            assert post("/api/overview").status_code == 201
            post("/api/members", json={"name": "Cleo Tester", "email": "cleo@tester.example", "roles": ["caregiver"]})
            self.invited = self.letter_to("cleo@tester.example")
        page = self.ada.get("/members").text
        self.member = re.search(r'href="(/members/[0-9a-f-]{36})"', page).group(1)
        self.role = re.search(r'href="(/roles/[0-9a-f-]{36})"', self.ada.get("/roles").text).group(1)
        self.organization = self.home.sql("records", "select organization_id from care.organization")
        with self.demo.client() as client:
            sign_in(self.demo, client, self.parent, second=True)
            self.record = re.search(rf'href="(/patients/{self.patient}/records/[^"]+)"',
                                    client.get(f"/patients/{self.patient}").text).group(1)

        self.meet_emergency()
        self.write_together()
        carers = self.client_of("parent").get(f"/patients/{self.patient}/carers").text
        self.pause = re.search(rf'href="(/patients/{self.patient}/carers/[0-9a-f-]{{36}}/pause)"', carers).group(1)
        activity = self.client_of("bea").get("/account/activity").text
        self.report = re.search(r'href="(/account/activity/report[^"]*)"', activity).group(1).replace("&amp;", "&")
        with Api(self.home, ADA) as api:
            later = (datetime.date.today() + datetime.timedelta(days=30)).isoformat() + "T00:00:00Z"
            answer = api.post(f"{self.home.url}/api/agreements", json={
                "kind": "terms", "language": "en", "title": "House rules", "text": "Be kind.", "effective": later})
            assert answer.status_code == 201, answer.text
            self.agreement = f"/settings/agreements/{answer.json()['id']}"

    def meet_emergency(self):
        """Somebody whom a doctor does not reach, the doctor's emergency with them, and somebody who reviews it."""
        family, officer = f"Rao{secrets.token_hex(4)}".translate(str.maketrans("0123456789", "abcdefghij")), Person(
            f"{secrets.token_hex(6)}@tester.example")
        with Api(self.demo, self.owner) as api:
            resource = {"resourceType": "Patient", "name": [{"family": family, "given": ["Arjun"]}], "birthDate": "1971-08-14"}
            assert api.post("Patient", json=resource).status_code == 201
            assert api.post("Practitioner", json={"resourceType": "Practitioner", "name": [{"family": "Bello"}]}).status_code == 201
            answer = api.post(f"{self.demo.url}/api/members", json={
                "name": "Pia Tester", "email": officer.email, "roles": ["privacy-officer"]})
            assert answer.status_code == 201, answer.text
        set_password(self.demo, answer.json()["link"])
        doctor = self.enter(self.demo, self.people.one(role="doctor"))
        answer = doctor.post("/emergency", data={
            "csrf": csrf_of(doctor.get("/emergency")), "name": f"Arjun {family}", "born": "1971-08-14", "kind": "bleeding",
            "reason": "Fell from a ladder."})
        assert answer.status_code == 200 and "The record is open to you" in answer.text, answer.text
        reviewer = self.enter(self.demo, officer)
        self.persons["officer"] = officer
        self.keep("doctor", doctor)
        self.keep("officer", reviewer)
        self.emergency = re.search(
            r'href="(/emergency/reviews/[0-9a-f-]{36})"', reviewer.get("/emergency/reviews").text).group(1)

    def write_together(self):
        """Something that the owner has just written, and a doctor with a PIN who can sign it."""
        with Api(self.demo, self.owner) as api:
            answer = api.create({"resourceType": "Observation", "status": "final", "code": {"text": "Pain"},
                                 "subject": {"reference": f"Patient/{self.owners_patient}"}, "valueInteger": 3})
            assert answer.status_code == 201, answer.text
            self.to_sign = f"/patients/{self.owners_patient}/records/Observation.{answer.json()['id']}/sign"
        doctor = self.client_of("doctor")
        answer = doctor.post("/account/pin", data={
            "csrf": csrf_of(doctor.get("/account/pin")), "pin": "284915", "again": "284915"}, headers={"Origin": self.demo.url})
        assert answer.headers.get("location") == "/account/pin?done=set", answer.text

    def client_of(self, who):
        client = self.server_of(who).client(headers={"Cookie": f"__Host-carekeep={self.cookie(who)}"})
        self.clients.append(client)
        return client

    def close(self):
        for client in self.clients:
            client.close()

    def enter(self, server, person, second=True):
        client = server.client(headers={"Origin": server.url})
        self.clients.append(client)
        sign_in(server, client, person, second)
        return client

    def newcomer(self):
        """Somebody whose account a visit changes: another one each time."""
        person = Person(f"{secrets.token_hex(6)}@tester.example")
        answer = self.home.api(ADA).post(f"{self.home.url}/api/members", json={
            "name": "Dora Tester", "email": person.email, "roles": ["caregiver"]})
        assert answer.status_code == 201, answer.text
        self.home.set_password(self.letter_to(person.email))
        return person

    def server_of(self, who):
        return self.home if who in ("ada", "bea", "newcomer", "outsider") else self.demo

    def cookie(self, who):
        """The session's cookie of somebody; `None` for whoever is not signed in."""
        if who in (None, "outsider"):
            return None
        if who == "newcomer":
            return self.enter(self.home, self.newcomer()).cookies["__Host-carekeep"]
        # Whoever signed in some minutes ago is asked again before something grave.
        known, since = self.cookies.get(who, (None, 0))
        if known is None or time.monotonic() - since > 180:
            client = self.enter(self.server_of(who), self.persons[who], second=who != "half")
            known = self.keep(who, client)
        return known

    def keep(self, who, client):
        self.cookies[who] = client.cookies["__Host-carekeep"], time.monotonic()
        return self.cookies[who][0]

    def letter_to(self, email):
        """The way that the last letter to somebody leads to."""
        return link_in(eventually(lambda: self.home.box.to(email))[-1])

    def moving_link(self):
        """The way by which somebody signs in by a new address, another one each time."""
        new = f"{secrets.token_hex(6)}@tester.example"
        with self.home.client(headers={"Origin": self.home.url}) as client:
            self.home.sign_in(client, BEA)
            form = client.get("/account/address")
            answer = client.post("/account/address", data={
                "csrf": csrf_of(form), "email": new, "password": BEA.password})
            assert answer.status_code == 303, answer.text
        return self.letter_to(new)


def set_password(server, way):
    """Fills in the form behind a one-time link."""
    with server.client(headers={"Origin": server.url}) as client:
        form = client.get(way)
        token = re.search(r'name="token" value="([^"]+)"', form.text).group(1)
        answer = client.post("/password", data={"csrf": csrf_of(form), "token": token, "password": PASSWORD, "again": PASSWORD})
        assert answer.status_code == 303, answer.text


def sign_in(server, client, person, second):
    fields = {"csrf": csrf_of(client.get("/sign-in")), "email": person.email, "password": person.password}
    answer = client.post("/sign-in", data=fields, headers={"Origin": server.url})
    assert answer.status_code == 303, answer.text
    if second:
        second_step(server, client, person)


def know(home, provider):
    """Tells an installation of a provider: as one of its organisation, and as one of everybody's."""
    organization = home.sql("records", "select organization_id from care.organization")
    for more in (["--organization", organization], []):
        done = subprocess.run(
            [BINARY, "providers", "add", "--name", "Northgate", "--issuer", provider.issuer, "--client-id", provider.client_id,
             "--secret-file", "-", *more, "--config", home.file],
            input=provider.secret, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        provider.id = re.search(r"Added (\S+)\.", done.stdout).group(1)


# What is done on a page

def send(button="main form button[type=submit]", **fields):
    """Fills in a form and sends it, past what the browser itself would refuse."""

    def act(window, places):
        for name, value in fields.items():
            window.find_element(By.NAME, name).send_keys(value)
        press(window, button)

    return act


def press(window, button):
    page = window.find_element(By.TAG_NAME, "html")
    window.execute_script("""
        document.querySelectorAll('form').forEach(one => { one.noValidate = true })
        document.querySelector(arguments[0]).click()""", button)
    from test_pages import is_gone
    WebDriverWait(window, 20, poll_frequency=0.05).until(lambda _: is_gone(page))


def open_up(window, places):
    """Opens everything that can be opened."""
    window.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true })")


def search(window, places):
    """Looks for somebody who is not there, by a date that is none."""
    open_up(window, places)
    window.execute_script("document.querySelector('[name=born]').type = 'text'")
    send("main form[action='/patients'] button", born="yesterday")(window, places)


def to_new_app(window, places):
    """Asks for a code app, from the page that offers it."""
    press(window, "main form button[type=submit]")


def to_codes(window, places):
    to_new_app(window, places)
    secret = window.find_element(By.CSS_SELECTOR, "code.id").get_attribute("textContent").replace(" ", "")
    window.find_element(By.NAME, "code").send_keys(CodeApp(secret).code())
    press(window, "main form button[type=submit]")


def to_weakness(window, places):
    send(what="Something is wrong", where="On the page", how="By looking")(window, places)
    window.get(window.find_element(By.CSS_SELECTOR, "main a[href^='/security/report/']").get_attribute("href"))


def come_back(window, places):
    """As from a provider, whose visit waits to be linked."""
    window.add_cookie({"name": "__Host-visit", "value": f"{'A' * 43}.", "path": "/", "secure": True})
    window.get(f"{window.current_url}/link/{places.provider.id}")


def at(path):
    return lambda places: path


VISITS = [
    # Before signing in
    Visit("home", "/", None, at("/")),
    Visit("sign-in", "sign-in", None, at("/sign-in")),
    Visit("sign-in-wrong", "sign-in", None, at("/sign-in"), send(email="nobody@tester.example", password="wrong"), True),
    Visit("sign-in-with-provider", "sign-in", "outsider", at("/sign-in")),
    Visit("sign-in-signed-out", "sign-in", "outsider", lambda p: f"/sign-in?bye=1&from={p.provider.id}"),
    Visit("sign-in-at", "sign-in/at/{organization}", "outsider", lambda p: f"/sign-in/at/{p.organization}"),
    Visit("sign-in-back", "sign-in/back/{provider}", "outsider", lambda p: f"/sign-in/back/{p.provider.id}"),
    Visit("sign-in-link", "sign-in/back/{provider}", "outsider", lambda p: f"/sign-in/with/{p.provider.id}"),
    Visit("sign-in-link-wrong", "sign-in/back/{provider}", "outsider", lambda p: f"/sign-in/with/{p.provider.id}",
          send(email="nobody@tester.example", password="wrong"), True),
    Visit("password", "password", "outsider", lambda p: p.invited),
    Visit("password-wrong", "password", "outsider", lambda p: p.invited,
          send(password="short", again="other"), True),
    Visit("link-used-up", "password", None, at("/password?link=none")),
    Visit("forgot", "forgot", "outsider", at("/forgot")),
    Visit("forgot-wrong", "forgot", "outsider", at("/forgot"), send(email="nobody"), True),
    Visit("forgot-asked", "forgot", "outsider", at("/forgot"), send(email="nobody@tester.example")),
    Visit("forgot-by-hand", "forgot", None, at("/forgot")),
    Visit("address", "address", "outsider", lambda p: p.moving_link()),
    Visit("not-found", "patients/:patient", "parent", at("/patients/00000000-0000-4000-8000-000000000000")),
    # What is promised
    Visit("trust", "trust", None, at("/trust"), open_up),
    Visit("trust-for-clinics", "trust", None, at("/trust?for=clinic")),
    Visit("security-policy", "security/policy", None, at("/security/policy")),
    Visit("security-report", "security/report", None, at("/security/report")),
    Visit("security-report-wrong", "security/report", None, at("/security/report"), send(what=" "), True),
    Visit("security-link", "security/report/{token}", None, at("/security/report"), to_weakness),
    Visit("security-follow", "security/follow", None, at("/security/follow")),
    Visit("security-follow-wrong", "security/follow", None, at("/security/follow"), send(token="nothing"), True),
    Visit("trust-details", "trust/details", "ada", at("/trust/details")),
    Visit("vouch", "trust/vouch", "ada", at("/trust/vouch")),
    Visit("vouch-one", "trust/vouch/:promise", "ada", at("/trust/vouch/GOV-4"), open_up),
    Visit("vouch-one-wrong", "trust/vouch/:promise", "ada", at("/trust/vouch/GOV-4"), send(words="x"), True),
    # Signing in further, and one's own account
    Visit("second-factor", "second-factor", "half", at("/second-factor")),
    Visit("second-factor-wrong", "second-factor", "half", at("/second-factor"), send(code="12"), True),
    Visit("step-up", "step-up", "parent", at("/step-up?next=/patients&again=1")),
    Visit("account", "account", "bea", at("/account")),
    Visit("account-providers", "account/providers", "bea", at("/account/providers")),
    Visit("account-providers-link", "account/providers/link/{provider}", "bea", at("/account/providers"), come_back),
    Visit("account-password", "account/password", "bea", at("/account/password")),
    Visit("account-password-wrong", "account/password", "bea", at("/account/password"),
          send(old="wrong", password="short", again="other"), True),
    Visit("account-address", "account/address", "bea", at("/account/address")),
    Visit("account-address-wrong", "account/address", "bea", at("/account/address"), send(email="nobody"), True),
    Visit("account-pin", "account/pin", "bea", at("/account/pin")),
    Visit("account-pin-wrong", "account/pin", "bea", at("/account/pin"), send(pin="123456", again="123456"), True),
    Visit("account-sessions", "account/sessions", "owner", at("/account/sessions")),
    Visit("account-second-factor", "account/second-factor", "owner", at("/account/second-factor")),
    Visit("account-second-factor-none", "account/second-factor", "newcomer", at("/account/second-factor")),
    Visit("account-second-factor-new", "account/second-factor/new", "newcomer", at("/account/second-factor"), to_new_app),
    Visit("account-second-factor-codes", "account/second-factor/new", "newcomer", at("/account/second-factor"), to_codes),
    # Records
    Visit("patients", "patients", "parent", at("/patients")),
    Visit("patients-clinic", "patients", "owner", at("/patients")),
    Visit("patients-none", "patients", "lone", at("/patients")),
    Visit("patients-wrong", "patients", "owner", at("/patients"), search, True),
    Visit("timeline", "patients/:patient", "parent", lambda p: f"/patients/{p.patient}", open_up),
    Visit("timeline-clinic", "patients/:patient", "owner", lambda p: f"/patients/{p.owners_patient}"),
    Visit("record", "patients/:patient/records/:record", "parent", lambda p: p.record, open_up),
    Visit("record-version", "patients/:patient/records/:record/versions/:version", "parent", lambda p: f"{p.record}/versions/1"),
    Visit("countersign", "patients/:patient/records/:record/sign", "owner", lambda p: p.to_sign),
    Visit("countersign-wrong", "patients/:patient/records/:record/sign", "owner", lambda p: p.to_sign, send(pin="12"), True),
    Visit("countersign-nobody", "patients/:patient/records/:record/sign", "parent", lambda p: f"{p.record}/sign"),
    Visit("looks", "patients/:patient/looks", "parent", lambda p: f"/patients/{p.patient}/looks", open_up),
    Visit("organizations", "organizations", "parent", at("/organizations")),
    Visit("sharing-guest-wrong", "patients/:patient/sharing", "parent", lambda p: f"/patients/{p.patient}/sharing",
          send("form[action$='/invite'] button", email="nobody"), True),
    Visit("sharing", "patients/:patient/sharing", "parent", lambda p: f"/patients/{p.patient}/sharing", open_up),
    Visit("carers", "patients/:patient/carers", "parent", lambda p: f"/patients/{p.patient}/carers", open_up),
    Visit("carers-wrong", "patients/:patient/carers", "parent", lambda p: f"/patients/{p.patient}/carers",
          send("form:has(input[name=email]) button", email="nobody"), True),
    Visit("pause", "patients/:patient/carers/:account/pause", "parent", lambda p: p.pause),
    Visit("note", "patients/:patient/note", "parent", lambda p: f"/patients/{p.patient}/note"),
    Visit("note-wrong", "patients/:patient/note", "parent", lambda p: f"/patients/{p.patient}/note",
          send("form[action$='/note'] button"), True),
    Visit("own-account", "patients/:patient/own-account", "parent", lambda p: f"/patients/{p.patient}/own-account"),
    Visit("growing-up", "patients/:patient/growing-up", "parent", lambda p: f"/patients/{p.patient}/growing-up"),
    # Emergencies
    Visit("emergency", "emergency", "doctor", at("/emergency")),
    Visit("emergency-wrong", "emergency", "doctor", at("/emergency"), send("form[action='/emergency'] button", name="x"), True),
    Visit("emergency-reviews", "emergency/reviews", "officer", at("/emergency/reviews")),
    Visit("emergency-review", "emergency/reviews/:emergency", "officer", lambda p: p.emergency),
    # One's own activity, and what members agree to
    Visit("activity", "account/activity", "bea", at("/account/activity"), open_up),
    Visit("activity-report", "account/activity/report", "bea", lambda p: p.report),
    Visit("reports", "reports", "ada", at("/reports")),
    Visit("agreements", "agreements", "bea", at("/agreements"), open_up),
    Visit("agreements-none", "agreements", "parent", at("/agreements")),
    Visit("agreement-desk", "settings/agreements", "ada", at("/settings/agreements")),
    Visit("agreement-desk-wrong", "settings/agreements", "ada", at("/settings/agreements"),
          send("form[action='/settings/agreements'] button"), True),
    Visit("agreement-version", "settings/agreements/:agreement", "ada", lambda p: p.agreement),
    Visit("provider-desk", "settings/providers", "ada", at("/settings/providers")),
    Visit("new-provider", "settings/providers/new", "ada", at("/settings/providers/new?kind=other")),
    Visit("new-provider-wrong", "settings/providers/new", "ada", at("/settings/providers/new?kind=apple"),
          send("form[action='/settings/providers/new'] button"), True),
    Visit("care-team", "patients/:patient/team", "owner", lambda p: f"/patients/{p.owners_patient}/team"),
    Visit("care-team-wrong", "patients/:patient/team", "owner", lambda p: f"/patients/{p.owners_patient}/team",
          send("form[action$='/team'] button"), True),
    # The organisation
    Visit("members", "members", "ada", at("/members")),
    Visit("members-clinic", "members", "owner", at("/members")),
    Visit("member", "members/:member", "ada", lambda p: p.member),
    Visit("member-wrong", "members/:member", "ada", lambda p: p.member, send(f"form[action$='/end'] button"), True),
    Visit("practitioners", "practitioners", "owner", at("/practitioners")),
    Visit("practitioners-wrong", "practitioners", "owner", at("/practitioners"), send("section form button"), True),
    Visit("leave", "leave", "bea", at("/leave")),
    Visit("leave-wrong", "leave", "bea", at("/leave"), send("form[action='/leave'] button"), True),
    Visit("settings", "settings", "ada", at("/settings"), open_up),
    Visit("settings-clinic", "settings", "owner", at("/settings"), open_up),
    Visit("settings-wrong", "settings", "ada", at("/settings"), send("form:has(input[name=value]) button", value="000000000"), True),
    Visit("overview", "overview", "ada", at("/overview"), open_up),
    Visit("overview-none", "overview", "owner", at("/overview")),
    Visit("overview-wrong", "overview", "ada", at("/overview"), send("form[action='/overview'] button"), True),
    Visit("roles", "roles", "ada", at("/roles")),
    Visit("roles-wrong", "roles", "ada", at("/roles"), send("form[action='/roles'] button"), True),
    Visit("role", "roles/:role", "ada", lambda p: p.role),
]
