"""What the tests of a running server share: the server, its people, and ways to speak to it."""

import time

import httpx
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import server as carekeep
from code_app import app_of, begin_api, csrf_of, second_step

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
        # Some take the token and speak for themselves.
        clients[person.email].keep_fresh()
        return clients[person.email]

    yield on_behalf_of
    for one in clients.values():
        one.close()


class Api(httpx.Client):
    """The FHIR API on behalf of one person: paths are relative to `/fhir/`. Refreshes its token before that is over."""

    refresh_token = None

    def __init__(self, server, person):
        self.server, self.person = server, person
        with server.client() as client:
            answer = begin_api(server, client, person)
        assert answer.status_code in (200, 201), answer.text
        self.keep(answer.json())
        super().__init__(
            base_url=f"{server.url}/fhir/", verify=server.trust(), timeout=60,
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/fhir+json"})

    def keep(self, tokens):
        """Keeps what signing in, refreshing or stepping up gave."""
        self.token, self.renew_at = tokens["token"], time.monotonic() + tokens["expires_in"] - 60
        self.refresh_token = tokens.get("refresh_token") or self.refresh_token

    def keep_fresh(self):
        """Refreshes the token if it is about to end."""
        if time.monotonic() > self.renew_at:
            self.refresh()

    def refresh(self):
        """The next two tokens, for the refresh token; where that works no more (a server was killed while it was used), by signing in."""
        answer = super().request("POST", f"{self.server.url}/api/session/refresh", json={"refresh_token": self.refresh_token})
        if answer.status_code != 200:
            with self.server.client() as client:
                answer = begin_api(self.server, client, self.person)
        self.keep(answer.json())
        self.headers["Authorization"] = f"Bearer {self.token}"

    def request(self, *arguments, **options):
        """A request; where it takes that somebody shows again who they are, that is shown and the request repeated."""
        self.keep_fresh()
        answer = super().request(*arguments, **options)
        if answer.status_code != 401 or "step_up_needed" not in answer.text:
            return answer
        self.step_up()
        return super().request(*arguments, **options)

    def step_up(self):
        """Shows again who is there: sensitive acts take it for five minutes. The token is another one then."""
        app = app_of(self.server, self.person)
        shown = {"code": app.code()} if app else {"password": self.person.password}
        stepped = super().request("POST", f"{self.server.url}/api/session/step-up", json=shown)
        assert stepped.status_code == 200, stepped.text
        self.keep(stepped.json())
        self.headers["Authorization"] = f"Bearer {self.token}"

    def create(self, resource):
        """Posts a resource, which is bytes or something for JSON."""
        if isinstance(resource, bytes):
            kind, content = "Observation", {"content": resource}
        else:
            kind, content = resource["resourceType"], {"json": resource}
        return self.post(kind, headers={"Content-Type": "application/fhir+json"}, **content)


@pytest.fixture
def sign_in(client, server):
    """`sign_in(person)` fills in the form as a browser would, and leaves the cookie with `client`."""

    def with_form(person, password=None):
        form = client.get("/sign-in")
        assert form.status_code == 200
        fields = {"csrf": csrf_of(form), "email": person.email, "password": password or person.password}
        answer = client.post("/sign-in", data=fields, headers={"Origin": str(client.base_url).rstrip("/")})
        if answer.status_code == 303:
            second_step(server, client, person)
        return answer

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
