"""What a page says when it refuses: what was wrong, where, with what was typed still there, and who is signed in."""

import re
import time

import httpx
import pytest

from conftest import csrf_of
from installation import PASSWORD, Person, create, installation, patient

ADA, BO = Person("ada@tester.example"), Person("bo@other.example")
AGO = "update care.session set stepped_up_at = stepped_up_at - interval '6 minutes'"
NOTHING = "Nothing here for you to see"


@pytest.fixture(scope="module")
def home():
    with installation("refused-pages") as own:
        ways = [own.found(email=ADA.email), own.found("The Others", BO.email, "Bo Other")]
        own.start()
        for way in ways:
            own.set_password(way)
        yield own


@pytest.fixture(scope="module")
def api(home):
    return home.api(ADA)


@pytest.fixture
def ada(home):
    with home.client() as client:
        home.sign_in(client, ADA)
        yield client


def add(home, api, name, email, roles):
    """The id of somebody new, who has set a password."""
    added = api.post(f"{home.url}/api/members", json={"name": name, "email": email, "roles": roles})
    assert home.set_password(added.json()["link"]).status_code == 303
    members = api.get(f"{home.url}/api/members").json()
    return next(one["id"] for one in members if one["name"] == name)


def post(client, path, page=None, **fields):
    return client.post(path, data={"csrf": csrf_of(client.get(page or path))} | fields)


def found(answer):
    assert answer.status_code == 200
    return re.findall(r'href="/patients/([^"/?]+)"', answer.text)


def test_a_search_is_for_what_was_typed_and_nothing_besides(api, ada):
    anna = create(api, patient("Quillfeather", "Anna"))
    other, third = create(api, patient("Quillfeather", "Mo")), create(api, patient("Brookes", "Anna"))
    assert {anna, other} <= set(found(post(ada, "/patients", name="Quillfeather"))), "each can be found"
    assert third in found(post(ada, "/patients", name="Brookes"))
    assert found(post(ada, "/patients", name="Quillfeather, Anna")) == [anna]
    assert found(post(ada, "/patients", name="Anna|Quillfeather")) == [anna]


def test_what_cannot_be_looked_for_is_said_at_its_field(ada):
    answer = post(ada, "/patients", name="-")
    assert answer.status_code == 422 and NOTHING not in answer.text
    assert re.search(r'id="name-error">Please type a letter', answer.text)
    assert re.search(r'<input id="name"[^>]*value="-"', answer.text), "what was typed is still there"


@pytest.mark.parametrize("path, status", [("/patients/nobody", 404), ("/no-such-page", 404)])
def test_whoever_is_signed_in_stays_so_on_a_page_that_refuses(home, ada, path, status):
    answer = ada.get(path)
    assert answer.status_code == status and NOTHING in answer.text
    assert "Ada Tester" in answer.text and ">Sign out<" in answer.text and 'href="/sign-in"' not in answer.text
    with home.client() as visitor:
        # Whoever is not signed in is asked to, and a token that was made up is nobody's.
        made_up = {"Cookie": "__Host-carekeep=made.up"}
        assert 'href="/sign-in"' in visitor.get("/no-such-page", headers=made_up).text


def test_a_form_that_is_not_ours_is_refused_with_its_reason(ada):
    answer = ada.post("/patients", data={"csrf": "guessed", "name": "A"})
    assert answer.status_code == 403 and "That page was open too long" in answer.text and "Ada Tester" in answer.text


def test_after_stepping_up_one_is_back_on_a_page(home, api, ada):
    member = f"/members/{add(home, api, 'Nell', 'nell@tester.example', ['member'])}"
    assert post(ada, "/roles", name="night watch", **{"may-record.read": "yes"}).status_code == 303
    role = re.search(r'href="(/roles/[0-9a-f-]{36})"', ada.get("/roles").text).group(1)
    home.sql("records", AGO)
    for page in (member, role):
        answer = post(ada, f"{page}/end", page, sure="yes")
        assert answer.headers["location"].replace("%2F", "/") == f"/step-up?next={page}&again=1"
        assert ada.get(page).status_code == 200, "nothing ended, and the page is there"
    step_up = ada.get(f"/step-up?next={member}&again=1")
    shown = ada.post("/step-up", data={"csrf": csrf_of(step_up), "next": member, "password": PASSWORD})
    assert shown.headers["location"] == member
    assert post(ada, f"{member}/end", member, sure="yes").status_code == 303
    assert ada.get(member).status_code == 404


def test_ending_a_membership_keeps_what_was_chosen(home, api, ada):
    member = f"/members/{add(home, api, 'Sam', 'sam@tester.example', ['member'])}"
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 10 * 86400))
    unsure = post(ada, f"{member}/end", member, until=day)
    assert unsure.status_code == 422
    assert re.search(r'id="sure-error">Please tick', unsure.text) and f'value="{day}"' in unsure.text
    late = post(ada, f"{member}/end", member, until="1999-01-01", sure="yes")
    assert late.status_code == 422 and re.search(r'id="until-error">Please choose a day from today', late.text)
    assert re.search(r'<input type="checkbox" id="sure"[^>]*checked', late.text)
    assert post(ada, f"{member}/end", member, until=day, sure="yes").status_code == 303
    assert f"until {int(day[-2:])} " in ada.get("/members").text, "the last day itself, and not the one after"


def test_sharing_and_stopping_are_confirmed(home, api, ada):
    add(home, api, "Nora Nurse", "nora@tester.example", ["clinician"])
    sharing = f"/patients/{create(api, patient())}/sharing"
    page = ada.get(sharing)
    assert 'role="status"' not in page.text
    doctor = re.search(r'<option value="([0-9a-f-]{36})">Nora', page.text).group(1)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
    shared = post(ada, sharing, clinician=doctor, purpose="treatment", until=day, **{"see-health": "yes"})
    page = ada.get(shared.headers["location"])
    assert re.search(r'role="status"><p>Shared with <bdi>Nora Nurse</bdi> until the end of', page.text)
    assert "Shared with" not in ada.get(f"{sharing}?done=00000000-0000-4000-8000-000000000000").text, "only what is so"
    share = re.search(r'name="share" value="([^"]+)"', page.text).group(1)
    stopped = ada.get(post(ada, f"{sharing}/stop", sharing, share=share).headers["location"])
    assert re.search(r'role="status"><p>Stopped\.', stopped.text) and "Stop sharing" not in stopped.text


def test_a_code_that_there_is_no_app_for_is_said_to_be_that(home):
    body = {"email": ADA.email, "password": PASSWORD}
    with home.client() as client:
        answer = client.post("/api/session", json=body | {"code": "123456"})
        assert answer.status_code == 422 and "no code app" in answer.text and "do not belong together" not in answer.text
        assert client.post("/api/session", json=body).status_code == 201
        wrong = client.post("/api/session", json=body | {"password": "another one", "code": "123456"})
        assert wrong.status_code == 401 and "do not belong together" in wrong.text


def test_joining_says_how_long_to_wait(home, api):
    added = api.post(f"{home.url}/api/members", json={"name": "Bo Other", "email": BO.email, "roles": ["member"]}).json()
    place = httpx.HTTPTransport(verify=home.trust(), local_address="127.0.44.1")
    with httpx.Client(base_url=home.url, timeout=30, transport=place) as client:
        form = client.get(added["link"])
        assert "Join The Testers?" in form.text
        token = re.search(r'name="token" value="([^"]+)"', form.text).group(1)
        fields = {"csrf": csrf_of(form), "token": token, "email": BO.email}
        for _ in range(5):
            assert client.post("/join", data=fields | {"password": "wrong " + PASSWORD}).status_code == 401
        answer = client.post("/join", data=fields | {"password": PASSWORD})
        assert answer.status_code == 429 and "Please wait" in answer.text and "Join The Testers?" in answer.text
        assert int(answer.headers["retry-after"]) > 0
    with home.client() as client:
        joined = client.post("/join", data=fields | {"csrf": csrf_of(client.get(added["link"])), "password": PASSWORD})
        assert joined.status_code == 303
        assert client.cookies.get("__Host-device"), "the device is known from now on, as after any password"


def test_whoever_leaves_takes_no_session_along(home, api):
    add(home, api, "Lee", "lee@tester.example", ["member"])
    with home.client() as client:
        home.sign_in(client, Person("lee@tester.example"))
        assert 'href="/leave"' not in client.get("/patients").text, "signing out and leaving are not confused"
        assert 'href="/leave"' in client.get("/account").text
        left = post(client, "/leave", sure="yes")
        assert left.status_code == 303 and "__Host-carekeep=; " in left.headers["set-cookie"]
        assert client.cookies.get("__Host-carekeep") is None


def test_a_text_that_is_too_large_for_a_report_is_answered_on_its_page(home):
    with home.client() as client:
        csrf = csrf_of(client.get("/security/follow"))
        answer = client.post("/security/write", data={"csrf": csrf, "token": "x" * 43, "text": "y" * (100 << 10)})
        assert answer.status_code == 413 and "nothing of it was sent" in answer.text and "MB" not in answer.text
