"""Signing in with OpenID Connect: a running provider, and one that lies in any one way. (ACC-5)"""

import contextlib
import re
import subprocess
import threading
import time
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from oidc_provider_mock import run_server_in_thread
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from code_app import second_step, set_up
from conftest import DESKTOP, PHONE, browser, csrf_of
from installation import OUTPUT, Person, installation
from provider import Key, Provider, by_secret, unsigned

NOBODY = "00000000-0000-0000-0000-000000000000"
OWNER = Person("ada@tester.example")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"


@pytest.fixture(scope="module")
def home():
    with installation("providers", sign_in={"local_providers": "allowed"}) as own:
        own.configure()
        way = own.found("Sunrise Clinic", OWNER.email, profile="clinic", country="IN")
        own.start()
        own.set_password(way)
        own.organization = own.sql("records", "select organization_id from care.organization")
        yield own


@pytest.fixture(scope="module")
def shared(home):
    """A provider that tests make wrong and right again, known to the clinic."""
    with Provider() as one:
        one.id = add(home, one, "Northgate")
        yield one


@pytest.fixture
def provider(home, shared):
    """The same, at which the owner is known."""
    shared.reset()
    shared.subject, shared.claims = "ada-at-the-provider", {}
    shared.wrong_questions.clear()
    with home.client() as client:
        if fly(client, shared).status_code == 200:
            assert link(home, client, shared, OWNER).status_code == 303
    yield shared
    assert shared.wrong_questions == []


def add(home, provider, name, *more, organization=True):
    done = subprocess.run(
        [*command(home), "add", "--name", name, "--issuer", provider.issuer, "--client-id", provider.client_id,
         "--secret-file", "-", *(["--organization", home.organization] if organization else []), *more,
         "--config", home.file],
        input=provider.secret, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert provider.secret not in done.stdout + done.stderr
    return re.search(r"Added (\S+)\.", done.stdout).group(1)


def command(home):
    from installation import BINARY
    return [BINARY, "providers"]


def depart(client, provider, next=None):
    """To the provider: the address to which our server sends a visitor."""
    answer = client.get(f"/sign-in/with/{provider.id}", params={"next": next} if next else None)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith(provider.issuer + "/go?from=discovery&")
    return answer.headers["location"]


def visit(place):
    """At the provider: the address to which it sends somebody back."""
    answer = httpx.get(place)
    assert answer.status_code == 303
    return answer.headers["location"]


def come_back(client, place):
    back = urlsplit(place)
    return client.get(f"{back.path}?{back.query}")


def fly(client, provider, **more):
    """All the way there and back."""
    return come_back(client, visit(depart(client, provider, **more)))


def link(home, client, provider, person, form=None):
    """Shows the password, and the code where one is due; then it is linked."""
    answer = show_password(client, provider, person, form)
    place = answer.headers.get("location", "")
    if not place.startswith("/account/providers/link/"):
        return answer
    second_step(home, client, person)
    return client.post(place, data={"csrf": csrf_of(client.get(place))})


def show_password(client, provider, person, form=None):
    form = form or fly(client, provider)
    fields = {"csrf": csrf_of(form), "email": person.email, "password": person.password}
    return client.post(f"/sign-in/link/{provider.id}", data=fields)


def is_in(client, answer=None):
    """Whether somebody is signed in now, and was by this answer: as far as a provider can, which stands for the password. The clinic asks for a
    code besides."""
    page = client.get("/patients")
    asks = page.status_code == 303 and page.headers["location"].startswith("/second-factor")
    return (page.status_code == 200 or asks) and (answer is None or answer.status_code == 303)


def refusals(home, reason=None):
    which = f"and refusal = '{reason}'" if reason else "and not granted"
    return int(home.sql("records", f"select count(*) from care.entry where act = 'session.begin' {which}"))


@contextlib.contextmanager
def refused(home, client, reason, status=403):
    """What happens within comes to nothing: a page, no session, and an entry that says why."""
    before, told = refusals(home, reason), []
    yield told.append
    answer, = told
    assert answer.status_code == status, answer.text
    assert "You are not signed in" in answer.text and "<form" not in answer.text
    assert f'href="/sign-in/at/{home.organization}">Try again' in answer.text
    assert "__Host-carekeep=" not in str(answer.headers)
    assert not is_in(client)
    assert refusals(home, reason) == before + 1, f"no entry says «{reason}»"


# Whose account it is

def test_whoever_has_an_account_proves_it_once(home, shared):
    shared.reset()
    shared.subject = "somebody-new"
    shared.claims = {"email": OWNER.email, "email_verified": True, "name": "Ada Tester"}
    with home.client() as client:
        form = fly(client, shared)
        assert form.status_code == 200 and "One more step" in form.text and OWNER.email in form.text
        assert not is_in(client), "an address alone signs in to nobody's account"
        wrong = link(home, client, shared, Person(OWNER.email, "another password"), form)
        assert wrong.status_code == 401 and "do not go together" in wrong.text and not is_in(client)
        assert is_in(client, link(home, client, shared, OWNER, wrong))
        # It works once.
        again = link(home, client, shared, OWNER, wrong)
        assert again.status_code in (400, 403) and "__Host-carekeep=" not in str(again.headers)
    with home.client() as client:
        assert is_in(client, fly(client, shared)), "known from then on"
    entries = home.sql("records", "select act from care.entry where act = 'identity.link' and granted")
    assert entries


def test_next_leads_back_to_where_somebody_was_and_nowhere_else(home, provider):
    with home.client() as client:
        assert fly(client, provider, next="/trust").headers["location"] == "/trust"
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nb: c"):
        with home.client() as client:
            assert fly(client, provider, next=place).headers["location"] == "/patients"


def test_what_is_sent_to_the_provider_is_what_the_standard_wants(home, provider):
    with home.client() as client:
        asked = dict(parse_qsl(urlsplit(depart(client, provider)).query))
        other = dict(parse_qsl(urlsplit(depart(client, provider)).query))
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{home.url}/sign-in/back/{provider.id}"
    assert asked["scope"].split()[0] == "openid"
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret]) == 43 and asked[secret] != other[secret]
    assert provider.secret not in str(asked)


def test_a_password_without_its_code_links_nothing(home, provider):
    provider.subject = "thief-at-the-provider"
    with home.client() as client:
        place = show_password(client, provider, OWNER).headers["location"]
        asked = client.get(place)
        assert asked.status_code == 303 and asked.headers["location"].startswith("/second-factor")
        sent = client.post(place, data={"csrf": csrf_of(client.get(asked.headers["location"]))})
        assert sent.status_code == 303 and sent.headers["location"].startswith("/second-factor")
        with home.client() as another:
            assert "One more step" in fly(another, provider).text, "nobody is known by it"
        second_step(home, client, OWNER)
        page = client.get(place)
        assert "Remember Northgate?" in page.text
        linked = client.post(place, data={"csrf": csrf_of(page)})
        assert linked.headers["location"] == "/account/providers?done=linked"
        assert "You can sign in that way from now on" in client.get(linked.headers["location"]).text
        assert client.get(place).headers["location"] == "/account/providers", "the visit is over"
        again = client.post(place, data={"csrf": csrf_of(page)})
        assert again.status_code == 422 and "That visit is over" in again.text
        assert unlink(client, provider).status_code == 303


# Taking it back

def unlink(client, provider):
    data = {"csrf": csrf_of(client.get("/account/providers")), "provider": provider.id}
    return client.post("/account/providers", data=data)


def test_whoever_is_linked_sees_it_and_takes_it_back(home, provider):
    with home.client() as client:
        home.code(OWNER)
        assert home.sign_in(client, OWNER).status_code == 303
        assert "Northgate" in client.get("/account/providers").text
        assert client.post("/account/providers", data={"provider": provider.id}).status_code == 403, "the form's secret"
        assert unlink(client, provider).headers["location"] == "/account/providers?done=unlinked"
        page = client.get("/account/providers?done=unlinked").text
        assert "You do not sign in that way any more" in page and "Northgate" not in page
        assert unlink(client, provider).status_code == 404, "once"
    with home.client() as client:
        assert "One more step" in fly(client, provider).text, "nobody is known by it any more"


def test_the_last_way_in_stays(home, provider):
    provider.subject = "nomvula-at-the-provider"
    person = Person("nomvula@tester.example")
    with home.api(OWNER) as api:
        body = {"name": "Nomvula Dube", "email": person.email, "roles": ["patient"]}
        home.set_password(api.post(f"{home.url}/api/members", json=body).json()["link"].removeprefix(home.url))
    with home.client() as client:
        assert link(home, client, provider, person).status_code == 303
    assert home.command("providers", "only", home.organization, "on").returncode == 0
    try:
        with home.client() as client:
            assert is_in(client, fly(client, provider))
            answer = client.get("/account/providers")
            assert "Stop" in answer.text
            answer = unlink(client, provider)
            assert answer.status_code == 422 and "the only way by which you get in" in answer.text
        with home.client() as client:
            assert is_in(client, fly(client, provider)), "nothing was changed"
    finally:
        home.command("providers", "only", home.organization, "off")
    with home.client() as client:
        assert is_in(client, fly(client, provider)) and unlink(client, provider).status_code == 303


# Tokens that are not to be believed

def changed(**changes):
    def spoil(provider):
        provider.claims = {name: change(provider) if callable(change) else change for name, change in changes.items()}
    return spoil


def made(make):
    def spoil(provider):
        provider.make = lambda claims: make(provider, claims)
    return spoil


def seconds(offset):
    import time
    return lambda _: int(time.time()) + offset


HOSTILE = {
    "alg none": (made(lambda p, claims: unsigned(claims)), "wrong algorithm"),
    "alg none with a key's name": (made(lambda p, claims: unsigned(claims, kid=p.key.name)), "wrong algorithm"),
    "alg None": (made(lambda p, claims: unsigned(claims, alg="None")), "wrong algorithm"),
    "HS256 with the public key as PEM": (
        made(lambda p, claims: by_secret(claims, p.key.pem, kid=p.key.name)), "wrong algorithm"),
    "HS256 with the client secret": (
        made(lambda p, claims: by_secret(claims, p.secret.encode(), kid=p.key.name)), "wrong algorithm"),
    "RS256 said to be ES256": (
        made(lambda p, claims: p.key.token(claims, alg="ES256")), "wrong algorithm"),
    "RS256 said to be PS256": (made(lambda p, claims: p.key.token(claims, alg="PS256")), "wrong algorithm"),
    "no signature": (
        made(lambda p, claims: p.key.token(claims).rpartition(".")[0] + "."), "wrong signature"),
    "another key's signature under this name": (
        made(lambda p, claims: Key(p.key.name).token(claims)), "wrong signature"),
    "changed after it was signed": (
        made(lambda p, claims: swapped(p.key.token(claims), p.key.token(claims | {"sub": "eve"}))), "wrong signature"),
    "a key that nobody has": (made(lambda p, claims: Key("stray").token(claims)), "unknown key"),
    "a key that comes along": (
        made(lambda p, claims: (lambda own: own.token(claims, jwk=own.published))(Key("mine"))), "unknown key"),
    "another issuer": (changed(iss="https://idp.example"), "wrong issuer"),
    "an issuer with a slash more": (changed(iss=lambda p: p.issuer + "/"), "wrong issuer"),
    "another audience": (changed(aud="somebody-else"), "wrong audience"),
    "no audience": (changed(aud=None), "wrong audience"),
    "several audiences, given to nobody": (changed(aud=["carekeep", "somebody-else"]), "wrong audience"),
    "given to somebody else": (changed(azp="somebody-else"), "wrong audience"),
    "another nonce": (changed(nonce="A" * 43), "wrong nonce"),
    "no nonce": (changed(nonce=None), "wrong nonce"),
    "expired": (changed(exp=seconds(-120)), "wrong time"),
    "no expiry": (changed(exp=None), "wrong time"),
    "not yet valid": (changed(nbf=seconds(300)), "wrong time"),
    "made in the future": (changed(iat=seconds(300)), "wrong time"),
    "made long ago": (changed(iat=seconds(-3600)), "wrong time"),
    "another access token": (changed(at_hash="A" * 22), "wrong access token"),
    "nobody": (changed(sub=None), "no subject"),
    "a logout token": (made(lambda p, claims: p.key.token(claims, typ="logout+jwt")), "no token"),
    "garbage": (made(lambda p, claims: "garbage"), "no token"),
    "a number": (made(lambda p, claims: 7), "no token"),
    "a huge one": (made(lambda p, claims: p.key.token(claims | {"more": "x" * 100_000})), "no token"),
}


def swapped(one, other):
    head, _, signature = one.split(".")
    return f"{head}.{other.split('.')[1]}.{signature}"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_token_that_is_wrong_in_one_way_signs_nobody_in(home, provider, name):
    spoil, reason = HOSTILE[name]
    spoil(provider)
    with home.client() as client:
        with refused(home, client, reason, 403) as tell:
            tell(fly(client, provider))
        provider.reset()
        provider.claims = {}
        assert is_in(client, fly(client, provider)), "and the right one does"


def test_a_key_that_was_changed_is_fetched_and_the_old_one_ends(home):
    with Provider() as one:
        one.id = add(home, one, "Rotating")
        with home.client() as client:
            assert is_in(client, link(home, client, one, OWNER))
        old, one.key = one.key, Key("second")
        one.keys = [one.key]
        with home.client() as client:
            assert is_in(client, fly(client, one))
        one.make = lambda claims: old.token(claims)
        with home.client() as client, refused(home, client, "unknown key") as tell:
            tell(fly(client, one))
        one.make = lambda claims: Key("nobody's").token(claims)
        one.asked.clear()
        with home.client() as client:
            for _ in range(30):
                assert fly(client, one).status_code == 403
        assert one.asked.count("/keys") <= 20, "names of keys that nobody has wear no provider out"
        one.reset()
        with home.client() as client:
            assert is_in(client, fly(client, one))


def test_one_providers_word_counts_for_nothing_at_another(home, provider):
    with Provider() as other:
        other.id = add(home, other, "Elsewhere")
        other.subject = provider.subject
        # The same subject, signed by the other, under its own name and then under this one's.
        with home.client() as client:
            assert fly(client, other).status_code == 200, "who is known at one is not known at the other"
            assert not is_in(client)
        provider.make = lambda claims: other.key.token(claims, kid=provider.key.name)
        with home.client() as client, refused(home, client, "wrong signature") as tell:
            tell(fly(client, provider))
        # Mix-up: a visit begun at one comes back with the other's answer. (RFC 9207)
        provider.reset()
        for field, status, reason in [({"iss": other.issuer}, 403, "answer of another provider")]:
            provider.answer_fields = field
            with home.client() as client, refused(home, client, reason, status) as tell:
                tell(fly(client, provider))
        provider.answer_fields = {"iss": provider.issuer}
        with home.client() as client:
            assert is_in(client, fly(client, provider))
        provider.reset()
        with home.client() as client, refused(home, client, "visit is over", 400) as tell:
            place = visit(depart(client, provider))
            tell(come_back(client, place.replace(provider.id, other.id)))


def test_a_provider_that_names_itself_must(home):
    with Provider() as one:
        one.document = {"authorization_response_iss_parameter_supported": True}
        one.id = add(home, one, "Named")
        with home.client() as client, refused(home, client, "answer of another provider") as tell:
            tell(fly(client, one))
        one.answer_fields = {"iss": one.issuer}
        with home.client() as client:
            assert "One more step" in fly(client, one).text


# The way there and back

def test_a_way_back_works_once(home, provider):
    with home.client() as client:
        place = visit(depart(client, provider))
        cookie = client.cookies["__Host-visit"]
        assert is_in(client, come_back(client, place))
        client.cookies.clear()
        client.cookies.set("__Host-visit", cookie, domain="localhost.local")
        answer = client.get(urlsplit(place).path + "?" + urlsplit(place).query,
                            headers={"Cookie": f"__Host-visit={cookie}"})
        assert answer.status_code == 400 and "You are not signed in" in answer.text
    with home.client() as client, refused(home, client, "provider answers wrongly", 400) as tell:
        # The code of one visit, in another.
        mine = visit(depart(client, provider))
        code = parse_qs(urlsplit(place).query)["code"][0]
        tell(come_back(client, re.sub(r"code=[^&]+", f"code={code}", mine)))


@pytest.mark.parametrize("change, reason, status", [
    (lambda place: re.sub(r"&?state=[^&]+", "", place), "wrong state", 400),
    (lambda place: re.sub(r"state=[^&]+", "state=", place), "wrong state", 400),
    (lambda place: re.sub(r"state=[^&]+", "state=" + "A" * 43, place), "wrong state", 400),
    (lambda place: place + "&state=" + parse_qs(urlsplit(place).query)["state"][0], "wrong state", 400),
    (lambda place: re.sub(r"code=[^&]+&", "", place), "no code", 400),
    (lambda place: re.sub(r"code=[^&]+", "error=access_denied", place), "declined by the provider", 400),
])
def test_an_answer_that_lacks_something_signs_nobody_in(home, provider, change, reason, status):
    with home.client() as client, refused(home, client, reason, status) as tell:
        tell(come_back(client, change(visit(depart(client, provider)))))


def test_another_visitors_answer_signs_nobody_in(home, provider):
    with home.client() as mine, home.client() as theirs:
        place = visit(depart(theirs, provider))
        with refused(home, mine, "wrong state", 400) as tell:
            tell(come_back(mine, place))
        depart(mine, provider)
        with refused(home, mine, "wrong state", 400) as tell:
            tell(come_back(mine, place))
        assert is_in(theirs, come_back(theirs, place)), "and theirs is still good"


def test_a_form_posted_from_elsewhere_signs_in_whom_it_is_for_and_nobody_else(home, provider):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    with home.client() as theirs, home.client() as mine:
        back = urlsplit(visit(depart(theirs, provider)))
        # As a browser posts it: without the cookie, which is for links alone.
        with home.client() as bare:
            answer = bare.post(back.path, content=back.query, headers=headers | {
                "Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 303 and answer.headers["location"].startswith(back.path + "?")
        assert "set-cookie" not in answer.headers
        place = answer.headers["location"]
        with refused(home, mine, "wrong state", 400) as tell:
            tell(mine.get(place))
        assert is_in(theirs, theirs.get(place))
    with home.client() as client:
        assert client.post(back.path, content="x" * 200_000).status_code == 413
        answer = client.get(f"/sign-in/with/{provider.id}", headers=headers)
        assert answer.headers["location"] == "/sign-in", "nobody else's page sends people on their way"


@pytest.mark.parametrize("id", [NOBODY, "nonsense", "00000000-0000-0000-0000-00000000000g"])
def test_a_provider_that_is_not_there_is_said_not_to_be(home, id):
    with home.client() as client:
        for way in ("with", "back", "leave"):
            answer = client.get(f"/sign-in/{way}/{id}")
            assert answer.status_code == 404 and "You are not signed in" in answer.text
        assert client.get(f"/sign-in/at/{id}").headers["location"] == "/sign-in"


# Providers that answer badly

def never(released):
    def answer(handler):
        released.wait(30)
        handler.close_connection = True
    return answer


def garbage(status, body):
    return lambda handler: handler.say(status, body)


BAD = {
    "500": garbage(500, b"oh no"),
    "no JSON": garbage(200, b"<html>hello</html>"),
    "JSON that is no object": garbage(200, b"[]"),
    "deep JSON": garbage(200, b"[" * 5000 + b"]" * 5000),
    "a huge answer": garbage(200, b'{"a": "' + b"x" * (4 << 20) + b'"}'),
    "nothing": garbage(200, b""),
    "a redirect": lambda handler: (handler.send_response(302), handler.send_header("Location", "/keys"),
                                   handler.send_header("Content-Length", "0"), handler.end_headers()),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_provider_answers_badly_is_a_page_and_no_fault_of_ours(home, name):
    with Provider() as one:
        one.answers = {"/.well-known/openid-configuration": BAD[name]}
        one.id = add(home, one, "Bad")
        with home.client() as client:
            answer = client.get(f"/sign-in/with/{one.id}")
            assert answer.status_code == 400 and "did not answer as it should" in answer.text
            for place in ("/token", "/keys"):
                one.answers = {place: BAD[name]}
                with refused(home, client, "provider answers wrongly", 400) as tell:
                    tell(fly(client, one))
            one.reset()
            assert "One more step" in fly(client, one).text
    with home.client() as client:
        assert client.get(f"/sign-in/with/{one.id}").status_code in (303, 400, 502), "a provider that is gone, too"


def test_a_provider_that_does_not_answer_holds_up_nobody_else(home, provider):
    released = threading.Event()
    provider.answers = {"/token": never(released)}
    with home.client() as client:
        place = visit(depart(client, provider))
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(come_back(client, place)))
        waiting.start()
        with home.client() as other:
            for _ in range(20):
                assert other.get("/sign-in", timeout=9).status_code == 200
        with refused(home, client, "provider does not answer", 502) as tell:
            waiting.join()
            released.set()
            tell(answers[0])


@pytest.mark.parametrize("document", [
    {"issuer": "https://idp.example"}, {"issuer": None}, {"token_endpoint": "http://idp.example/token"},
    {"jwks_uri": "file:///etc/passwd"}, {"jwks_uri": None}, {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": "https://a@idp.example/"},
])
def test_a_document_that_does_not_fit_is_not_followed(home, document):
    with Provider() as one:
        one.document = document
        one.id = add(home, one, "Odd")
        with home.client() as client:
            answer = client.get(f"/sign-in/with/{one.id}")
            assert answer.status_code == 403 and "location" not in answer.headers
            assert "document does not fit" in answer.text
            one.reset()
            depart(client, one)


# Who is let in

@pytest.fixture(scope="module")
def api(home):
    return home.api(OWNER)


def invite(home, api, email, roles=("clinician",)):
    answer = api.post(f"{home.url}/api/members", json={"name": "Invited Somebody", "email": email, "roles": list(roles)})
    assert answer.status_code == 201, answer.text


def test_whom_the_organisation_invited_needs_no_password(home, api):
    with Provider() as one:
        one.id = add(home, one, "Inviting", "--domain", "sunrise.example")
        for email in ("meera@sunrise.example", "kabir@elsewhere.example"):
            invite(home, api, email)
        one.subject = "meera"
        one.claims = {"email": "meera@sunrise.example", "email_verified": False}
        with home.client() as client:
            assert "One more step" in fly(client, one).text and not is_in(client), "not vouched for"
        one.claims = {"email": "kabir@elsewhere.example", "email_verified": True}
        with home.client() as client:
            assert "One more step" in fly(client, one).text and not is_in(client), "not its domain"
        one.claims = {"email": "Meera@Sunrise.example", "email_verified": True}
        with home.client(headers={"User-Agent": FIREFOX}) as client:
            assert is_in(client, fly(client, one))
            set_up(home, client, Person(one.claims["email"]))
            devices = client.get("/account/sessions").text
            assert "Firefox on Linux (this device)" in devices and "An unknown device" not in devices
        one.subject = "eve"
        with home.client() as client:
            assert "One more step" in fly(client, one).text and not is_in(client), "an address is nobody's for good"


def test_a_claim_makes_members_of_the_roles_it_stands_for(home, api):
    with Provider() as one:
        one.id = add(home, one, "Joining", "--claim", "groups", "--role", "doctors=clinician", "--role", "desk=staff")
        names = lambda: {member["name"]: sorted(member["roles"]) for member in api.get(f"{home.url}/api/members").json()}
        one.subject = "asha"
        one.claims = {"email": "asha@sunrise.example", "email_verified": True, "name": "Asha <b>Rao</b>",
                      "groups": ["cooks"]}
        with home.client() as client:
            assert "One more step" in fly(client, one).text and not is_in(client)
        one.claims["groups"] = ["cooks", "doctors", "owner", "admin"]
        with home.client() as client:
            assert is_in(client, fly(client, one))
        assert names()["Asha bRaob"] == ["clinician"]
        one.subject, one.claims = "mallory", one.claims | {"email": OWNER.email}
        with home.client() as client:
            assert "One more step" in fly(client, one).text and not is_in(client), "not with somebody's address"


def test_whoever_has_no_password_shows_who_they_are_at_the_provider(home, api):
    with Provider() as one:
        one.id = add(home, one, "Returning", "--claim", "groups", "--role", "family=caregiver")
        one.subject = "zora"
        one.claims = {"email": "zora@sunrise.example", "email_verified": True, "name": "Zora", "groups": ["family"]}
        with home.client() as client:
            assert is_in(client, fly(client, one))
            page = client.get("/step-up?next=/account")
            assert page.status_code == 200 and 'name="password"' not in page.text
            assert f'href="/sign-in/with/{one.id}?next=%2Faccount">Come back from Returning' in page.text
            sent = client.post("/step-up", data={"csrf": csrf_of(client.get("/account/second-factor")), "password": "anything"})
            assert sent.status_code == 422 and "Come back from Returning" in sent.text
            # The way back is the way in: somebody who was there just now needs to show nothing else.
            assert fly(client, one, next="/account").headers["location"] == "/account"
    with home.client() as client:
        fields = {"csrf": csrf_of(client.get("/sign-in")), "email": OWNER.email, "password": OWNER.password}
        assert client.post("/sign-in", data=fields).status_code == 303
        assert "Come back from" not in client.get("/step-up").text, "whoever has a password or an app is asked for that"


def test_owners_are_made_by_no_claim(home, shared):
    with pytest.raises(AssertionError, match="no owner"):
        add(home, shared, "X", "--claim", "groups", "--role", "a=owner")


def test_an_installations_provider_stands_on_the_first_page_and_makes_nobody_a_member(home):
    with Provider() as one:
        one.id = add(home, one, "Everybody's", organization=False)
        one.claims = {"email": "new@sunrise.example", "email_verified": True}
        with home.client() as client:
            assert f"/sign-in/with/{one.id}" in client.get("/sign-in").text
            assert "Sign in with Everybody&#39;s" in client.get("/sign-in?next=%2Ftrust").text
            assert "One more step" in fly(client, one).text and not is_in(client)
            assert is_in(client, link(home, client, one, OWNER))
        done = home.command("providers", "remove", one.id)
        assert done.returncode == 0
        with home.client() as client:
            assert one.id not in client.get("/sign-in").text
            assert client.get(f"/sign-in/with/{one.id}").status_code == 404


# Signing out

def test_the_provider_ends_what_began_there(home, provider):
    path = f"/sign-in/logout/{provider.id}"
    with home.client() as client, home.client() as other, home.client() as outside:
        assert is_in(client, fly(client, provider))
        provider.claims = {"sid": "session-two"}
        assert is_in(other, fly(other, provider))
        wrong = [
            {"logout_token": "garbage"}, {}, {"logout_token": unsigned(provider.logout_claims())},
            {"logout_token": Key("first").token(provider.logout_claims())},
            {"logout_token": provider.key.token(provider.logout_claims(aud="somebody-else"))},
            {"logout_token": provider.key.token(provider.logout_claims(iss="https://idp.example"))},
            {"logout_token": provider.key.token(provider.logout_claims(events={}))},
            {"logout_token": provider.key.token(provider.logout_claims(nonce="n"))},
            {"logout_token": provider.key.token(provider.logout_claims(iat=1, exp=2))},
            {"logout_token": provider.key.token(provider.logout_claims(sub=None))},
            {"logout_token": provider.key.token(provider.id_claims("n"))},
        ]
        for fields in wrong:
            answer = outside.post(path, data=fields)
            assert answer.status_code == 400 and answer.json() == {"error": "invalid_request"}
            assert answer.headers["cache-control"] == "no-store"
        assert outside.post(f"/sign-in/logout/{NOBODY}", data=wrong[0]).status_code == 400
        assert is_in(client) and is_in(other)
        # Of a token that was made before they signed in, as of one that is sent again, nobody is signed out.
        token = provider.key.token(provider.logout_claims(iat=int(time.time()) - 300))
        assert outside.post(path, data={"logout_token": token}).status_code == 200
        assert is_in(client) and is_in(other)
        token = provider.key.token(provider.logout_claims(sid="session-one"), typ="logout+jwt")
        assert outside.post(path, data={"logout_token": token}).status_code == 200
        assert not is_in(client) and is_in(other), "of that session there, and no other"
        token = provider.key.token(provider.logout_claims())
        assert outside.post(path, data={"logout_token": token}).status_code == 200
        assert not is_in(other)


def test_whoever_signs_out_here_is_shown_the_way_out_there(home, provider):
    with home.client() as client:
        assert is_in(client, fly(client, provider))
        # Who has not shown the code yet can sign out as well.
        out = client.post("/sign-out", data={"csrf": csrf_of(client.get("/second-factor", follow_redirects=True))})
        assert out.headers["location"] == f"/sign-in?bye=1&from={provider.id}"
        page = client.get(out.headers["location"])
        assert "sign out there, too" in page.text
        assert f'href="/sign-in/with/{provider.id}"' in page.text, "and the way back"
        way = client.get(f"/sign-in/leave/{provider.id}").headers["location"]
        assert way.startswith(f"{provider.issuer}/end?client_id=carekeep&post_logout_redirect_uri=")
        assert not is_in(client)
        home.sign_in(client, OWNER)
        out = client.post("/sign-out", data={"csrf": csrf_of(client.get("/patients"))})
        assert out.headers["location"] == "/sign-in?bye=1"


# By providers alone

def test_members_of_an_organisation_may_be_let_in_by_its_providers_alone(home, api, provider):
    invite(home, api, "jo@sunrise.example")
    link_text = home.command("link", "--email", "jo@sunrise.example").stdout
    way = re.search(r"(/password\?link=\S+)", link_text).group(1)
    assert home.set_password(way).status_code == 303
    jo = Person("jo@sunrise.example")
    page = f"/sign-in/at/{home.organization}"
    with home.client() as client:
        assert is_in(client, home.sign_in(client, jo))
        assert "email address and password" in client.get(page).text
    with home.client() as before, home.client() as owners, home.client() as by_provider:
        home.sign_in(before, jo)
        home.sign_in(owners, OWNER)
        assert is_in(by_provider, fly(by_provider, provider)) and is_in(before) and is_in(owners)
        assert home.command("providers", "only", home.organization, "on").returncode == 0
        assert not is_in(before), "signed in by a password, and out by the rule"
        assert is_in(owners) and is_in(by_provider)
    try:
        with home.client() as client:
            assert home.sign_in(client, jo).status_code == 401 and not is_in(client)
            assert "Members sign in this way alone" in client.get(page).text
            assert is_in(client, home.sign_in(client, OWNER)), "an owner is never locked out"
        with home.client() as client:
            assert is_in(client, fly(client, provider))
        provider.subject = "jo-at-the-provider"
        with home.client() as client:
            assert link(home, client, provider, Person(jo.email, "wrong " + jo.password)).status_code == 401 and not is_in(client)
        with home.client() as client:
            assert link(home, client, provider, jo).status_code == 303, "the password, once, beside the provider's word"
            assert is_in(client)
        with home.client() as client:
            assert is_in(client, fly(client, provider)), "known by the provider from now on"
            assert home.sign_in(client, jo).status_code == 401, "and by a password alone as little as before"
    finally:
        assert home.command("providers", "only", home.organization, "off").returncode == 0
    with home.client() as client:
        assert is_in(client, home.sign_in(client, jo))


# A provider that others wrote

@pytest.fixture(scope="module")
def mock(home):
    with run_server_in_thread() as server:
        server.issuer = f"http://localhost:{server.server_port}"
        server.client_id, server.secret = "any", "any"
        server.id = add(home, server, "Mock Health")
        yield server


def test_a_provider_that_others_wrote_signs_in(home, mock):
    def round_trip(client):
        place = client.get(f"/sign-in/with/{mock.id}").headers["location"]
        assert place.startswith(mock.issuer)
        return come_back(client, httpx.post(place, data={"sub": "ada"}).headers["location"])

    with home.client() as client:
        form = round_trip(client)
        assert is_in(client, link(home, client, mock, OWNER, form))
    with home.client() as client:
        assert is_in(client, round_trip(client))
    # This provider says no without the state that RFC 6749 asks for.
    with home.client() as client, refused(home, client, "wrong state", 400) as tell:
        place = client.get(f"/sign-in/with/{mock.id}").headers["location"]
        tell(come_back(client, httpx.post(place, data={"action": "deny"}).headers["location"]))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_browser_goes_there_and_back(home, mock, size):
    home.api(OWNER)  # who has a code app from then on
    with browser(size) as driver:
        name = "phone" if size == PHONE else "desktop"
        driver.get(f"{home.url}/sign-in/at/{home.organization}")
        driver.save_screenshot(str(OUTPUT / f"providers-{name}.png"))
        wait = WebDriverWait(driver, 30)
        driver.find_element(By.LINK_TEXT, "Sign in with Mock Health").click()
        wait.until(lambda _: driver.current_url.startswith(mock.issuer))
        driver.find_element(By.NAME, "sub").send_keys(f"browser-{name}")
        driver.find_element(By.XPATH, "//button[text()='Authorize']").click()
        wait.until(lambda _: driver.title.startswith("One more step"))
        driver.save_screenshot(str(OUTPUT / f"link-identity-{name}.png"))
        driver.find_element(By.ID, "email").send_keys(OWNER.email)
        driver.find_element(By.ID, "password").send_keys(OWNER.password)
        driver.find_element(By.XPATH, "//button[text()='Sign in and remember']").click()
        wait.until(lambda _: "/second-factor" in driver.current_url)
        # The code comes first, and then it is linked.
        wait.until(lambda _: driver.find_elements(By.NAME, "code"))[0].send_keys(home.code(OWNER), Keys.ENTER)
        wait.until(lambda _: driver.title.startswith("One more step"))
        driver.save_screenshot(str(OUTPUT / f"link-provider-{name}.png"))
        driver.find_element(By.XPATH, "//button[text()='Yes, sign in with Mock Health']").click()
        wait.until(lambda _: driver.current_url.endswith("/account/providers?done=linked"))
        driver.get(f"{home.url}/sign-in/with/{mock.id}")
        driver.find_element(By.NAME, "sub").send_keys(f"browser-{name}")
        driver.find_element(By.XPATH, "//button[text()='Authorize']").click()
        wait.until(lambda _: "/second-factor" in driver.current_url)
        driver.find_element(By.XPATH, "//button[text()='Sign out']").click()
        wait.until(lambda _: "sign out there, too" in driver.page_source)
        driver.save_screenshot(str(OUTPUT / f"signed-out-{name}.png"))
        driver.get(f"{home.url}/sign-in/with/{mock.id}")
        driver.find_element(By.XPATH, "//button[text()='Deny']").click()
        wait.until(lambda _: driver.title.startswith("Not signed in"))
        driver.save_screenshot(str(OUTPUT / f"not-signed-in-{name}.png"))


def test_nothing_of_a_visit_stands_in_the_log(home, provider):
    with home.client() as client:
        place = visit(depart(client, provider))
        come_back(client, place)
    log = home.log.read_text()
    for secret in (*parse_qs(urlsplit(place).query)["code"], *parse_qs(urlsplit(place).query)["state"], provider.issuer,
                   provider.subject, OWNER.email):
        assert secret not in log
    assert "/sign-in/back/{provider}" in log
