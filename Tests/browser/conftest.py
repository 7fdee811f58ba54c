"""What the tests of a running server share: the server, its people, and ways to speak to it."""

import re

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import server as carekeep

DESKTOP = (1280, 900)
PHONE = (390, 844)


@pytest.fixture(scope="session")
def server():
    with carekeep.Folder() as folder:
        server = carekeep.Server(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def people(server):
    """Everybody of the demo who can sign in, as a list that can be asked: `people.one(profile="family")`."""
    return People(server.people())


class People(list):
    def one(self, **wanted):
        """The first with these attributes; `patients=True` asks for somebody with patients, `False` without."""
        for person in self:
            if all(self.fits(person, *pair) for pair in wanted.items()):
                return person
        raise LookupError(f"the demo has nobody with {wanted}: {list(self)}")

    @staticmethod
    def fits(person, attribute, value):
        found = getattr(person, attribute)
        return bool(found) == value if isinstance(value, bool) else found == value

    @property
    def parent(self):
        """Somebody who keeps the record of a child."""
        return self.one(profile="family", patients=True)

    @property
    def stranger(self):
        """Somebody of another organisation, with patients of their own."""
        return next(one for one in self if one.organization != self.parent.organization and one.patients)


@pytest.fixture
def client(server):
    """A browser without a screen: keeps cookies, follows nothing by itself."""
    with server.client() as client:
        yield client


@pytest.fixture(scope="session")
def api(server):
    """`api(person)` is a client of the FHIR API on behalf of a person. Tokens are kept for the session."""
    clients = {}

    def on_behalf_of(person):
        if person.email not in clients:
            clients[person.email] = Api(server, person)
        return clients[person.email]

    yield on_behalf_of
    for one in clients.values():
        one.close()


class Api(httpx.Client):
    """The FHIR API on behalf of one person: paths are relative to `/fhir/`."""

    def __init__(self, server, person):
        self.person = person
        with server.client() as client:
            answer = client.post("/api/session", json={"email": person.email, "password": person.password})
        assert answer.status_code in (200, 201), answer.text
        self.token = answer.json()["token"]
        super().__init__(
            base_url=f"{server.url}/fhir/", verify=server.trust(), timeout=60,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/fhir+json"})

    def create(self, resource):
        """Posts a resource, which is bytes or something for JSON."""
        if isinstance(resource, bytes):
            kind, content = "Observation", {"content": resource}
        else:
            kind, content = resource["resourceType"], {"json": resource}
        return self.post(kind, headers={"Content-Type": "application/fhir+json"}, **content)


def csrf_of(page):
    """The secret of the form on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, f"no form with a csrf field on {page.url}"
    return found.group(1)


@pytest.fixture
def sign_in(client):
    """`sign_in(person)` fills in the form as a browser would, and leaves the cookie with `client`."""

    def with_form(person, password=None):
        form = client.get("/sign-in")
        assert form.status_code == 200
        fields = {"csrf": csrf_of(form), "email": person.email, "password": password or person.password}
        return client.post("/sign-in", data=fields, headers={"Origin": str(client.base_url).rstrip("/")})

    return with_form


def browser(size=DESKTOP, javascript=True):
    """Debian's Chromium without a screen. The server's certificate is checked elsewhere (test_transport.py)."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.accept_insecure_certs = True
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--force-prefers-reduced-motion", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if size == PHONE:
        metrics = {"width": size[0], "height": size[1], "pixelRatio": 2.0, "mobile": True, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
