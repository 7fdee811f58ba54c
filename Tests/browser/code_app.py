"""A code app, as on somebody's phone (RFC 6238): what tests show where a password is not enough."""

import base64
import hashlib
import hmac
import re
import struct
import time

STEP = 30
# By server and address: an account has one app, whoever signs in with it.
APPS = {}


class CodeApp:
    """The app of one account. No code is shown twice, since none is good twice."""

    def __init__(self, secret, used_until=0):
        self.secret = base64.b32decode(secret)
        self.last = used_until

    def of(self, step):
        digest = hmac.new(self.secret, struct.pack(">q", step), hashlib.sha1).digest()
        start = digest[19] & 15
        return f"{(int.from_bytes(digest[start:start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"

    def code(self):
        """A code that was not shown yet, of the step before, this one or the next; waits for one if all three were."""
        while True:
            now = int(time.time()) // STEP
            # The step before this one is taken until this one ends: not where that is about to be.
            step = max(self.last + 1, now - 1 if time.time() % STEP < STEP - 5 else now)
            if step <= now + 1:
                self.last = step
                return self.of(step)
            time.sleep(0.5)


def app_of(server, person):
    """The app that somebody has set up, or None."""
    key = (str(server.data), person.email)
    secret = getattr(person, "secret", None)
    if key not in APPS and secret:
        # The demo set it up with a code of its own, before it wrote down the secret.
        written = (server.data / "demo.json").stat().st_mtime
        APPS[key] = CodeApp(secret, int(written) // STEP)
    return APPS.get(key)


def second_step(server, client, person):
    """Shows the code, after the password was shown by form; sets an app up where there must be one."""
    where = client.get("/patients").headers.get("location", "")
    if not where.startswith("/second-factor"):
        return
    app = app_of(server, person)
    if app is None:
        set_up(server, client, person)
        return
    page = client.get(where)
    answer = client.post("/second-factor", data={"csrf": csrf_of(page), "code": app.code()})
    assert answer.status_code == 303, answer.text


def set_up(server, client, person):
    """Sets an app up by the pages, as somebody signed in does. Answers with the recovery codes."""
    own = client.get("/account/second-factor")
    assert client.post("/account/second-factor", data={"csrf": csrf_of(own)}).headers["location"].endswith("/new")
    page = client.get("/account/second-factor/new")
    secret = re.search(r'<code class="id">([A-Z2-7 ]+)</code>', page.text).group(1).replace(" ", "")
    app = CodeApp(secret)
    answer = client.post("/account/second-factor/new", data={"csrf": csrf_of(page), "code": app.code()})
    assert answer.status_code == 200, answer.text
    APPS[str(server.data), person.email] = app
    return re.findall(r"<li><code>([A-Z2-7-]{29})</code>", answer.text)


def begin_api(server, client, person):
    """Signs in to the API. Whoever needs an app and has none sets one up by the pages first."""
    body = {"email": person.email, "password": person.password}
    answer = client.post("/api/session", json=body)
    if answer.status_code != 401 or "second_factor_needed" not in answer.text:
        return answer
    if app_of(server, person) is None:
        with server.client() as browser:
            fields = {"csrf": csrf_of(browser.get("/sign-in"))} | body
            assert browser.post("/sign-in", data=fields).status_code == 303
            set_up(server, browser, person)
    return client.post("/api/session", json=body | {"code": app_of(server, person).code()})


def csrf_of(page):
    """The secret of the form on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, f"no form with a csrf field on {page.url}"
    return found.group(1)
