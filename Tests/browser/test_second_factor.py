"""A second factor beside the password, and showing again who is there before something grave. (ACC-1)"""

import base64
import re
import subprocess
import time
from urllib.parse import unquote

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from code_app import STEP, CodeApp, app_of, second_step, set_up
from conftest import DESKTOP, PHONE, browser, csrf_of
from installation import PASSWORD, Person, create, installation, patient
from server import BINARY, OUTPUT
from test_pages import check_access, check_console, check_layout, leave

ADA, MEERA = Person("ada@tester.example"), Person("meera@clinic.example")
PAGES = ["/patients", "/trust/vouch", "/trust/details"]


@pytest.fixture(scope="module")
def home():
    """An installation with a family and a clinic, each with its owner."""
    with installation("second-factor") as own:
        ways = [own.found(email=ADA.email), own.found("A clinic", MEERA.email, "Dr Meera Tester", profile="clinic")]
        own.start()
        for way in ways:
            own.set_password(way)
        yield own


@pytest.fixture
def client(home):
    with home.client() as client:
        yield client


def with_password(home, client, person):
    """Signs in by form, and shows no more."""
    fields = {"csrf": csrf_of(client.get("/sign-in")), "email": person.email, "password": person.password}
    answer = client.post("/sign-in", data=fields)
    assert answer.status_code == 303, answer.text


def test_staff_open_nothing_with_a_password_alone(home, client):
    with_password(home, client, MEERA)
    for page in PAGES:
        assert client.get(page).headers["location"] == f"/second-factor?next={page}"
    assert client.get("/second-factor?next=/patients").headers["location"].startswith("/account/second-factor?next=")
    assert "In your role a password is not enough" in client.get("/account/second-factor").text
    answer = client.post("/api/session", json={"email": MEERA.email, "password": PASSWORD})
    assert answer.status_code == 401 and "second_factor_needed" in answer.text and "token" not in answer.json()
    assert 'error="insufficient_user_authentication"' in answer.headers["www-authenticate"]
    # The same pages, once a code was shown.
    second_step(home, client, MEERA)
    assert client.get("/patients").status_code == 200


def test_a_family_is_asked_for_no_code(home, client):
    with_password(home, client, ADA)
    assert client.get("/patients").status_code == 200
    assert "whoever learns your password still cannot get in" in client.get("/account/second-factor").text


def test_a_code_is_good_once_and_the_session_gets_another_secret(home, client):
    home.sign_in(client, MEERA)
    with home.client() as other, home.client() as third:
        with_password(home, other, MEERA)
        before = dict(other.cookies)
        code = home.code(MEERA)
        form = {"csrf": csrf_of(other.get("/second-factor")), "code": code, "next": "//evil.example"}
        answer = other.post("/second-factor", data=form)
        assert answer.status_code == 303 and answer.headers["location"] == "/patients", "to no other site"
        assert dict(other.cookies) != before
        old = {"Cookie": "; ".join(f"{name}={value}" for name, value in before.items())}
        with home.client() as thief:
            assert thief.get("/patients", headers=old).headers["location"].startswith("/sign-in")
        with_password(home, third, MEERA)
        again = third.post("/second-factor", data={"csrf": csrf_of(third.get("/second-factor")), "code": code})
        assert again.status_code == 401 and "used already" in again.text
        assert third.get("/patients").status_code == 303


def test_codes_of_another_time_are_wrong_and_five_wrong_ones_make_one_wait(home, client):
    home.sign_in(client, MEERA)
    app = app_of(home, MEERA)
    with home.client() as other:
        with_password(home, other, MEERA)
        home.code(MEERA)
        for code in (app.of(int(time.time()) // STEP - 4), app.of(int(time.time()) // STEP + 4), "12345", "x"):
            answer = other.post("/second-factor", data={"csrf": csrf_of(other.get("/second-factor")), "code": code})
            assert answer.status_code == 401
        other.post("/second-factor", data={"csrf": csrf_of(other.get("/second-factor")), "code": "0"})
        form = {"csrf": csrf_of(other.get("/second-factor")), "code": home.code(MEERA)}
        answer = other.post("/second-factor", data=form)
        assert answer.status_code == 429 and "wait a minute" in answer.text
        # It is this session that waits, and nobody else.
        home.sign_in(client, MEERA)
        assert client.get("/patients").status_code == 200


def test_what_is_grave_asks_again_and_does_nothing_by_itself(home):
    api = home.api(ADA)
    nurse = {"name": "Nell Nurse", "email": "nell@nurse.example", "roles": ["clinician"]}
    child = create(api, patient())
    assert home.set_password(api.post(f"{home.url}/api/members", json=nurse).json()["link"]).status_code == 303
    with home.client() as client:
        home.sign_in(client, ADA)
        sharing = f"/patients/{child}/sharing"
        page = client.get(sharing)
        clinician = re.search(r'<option value="([0-9a-f-]{36})"', page.text).group(1)
        form = {"clinician": clinician, "purpose": "treatment", "until": time.strftime("%Y-%m-%d"), "see-results": "yes"}
        home.sql("records", "update care.session set stepped_up_at = stepped_up_at - interval '6 minutes'")
        answer = client.post(sharing, data=form | {"csrf": csrf_of(page)})
        assert answer.status_code == 303
        back = f"{sharing}?clinician={clinician}&until={form['until']}"
        assert unquote(answer.headers["location"]) == f"/step-up?next={back}&again=1"
        step_up = client.get(answer.headers["location"])
        assert "Nothing was changed yet" in step_up.text and 'name="password"' in step_up.text
        fields = {"csrf": csrf_of(step_up), "next": back}
        wrong = client.post("/step-up", data=fields | {"password": "wrong " + PASSWORD})
        assert wrong.status_code == 401 and "wrong " + PASSWORD not in wrong.text
        assert client.post("/step-up", data=fields | {"password": PASSWORD}).headers["location"] == back
        page = client.get(back)
        assert f'value="{clinician}" selected' in page.text and f'value="{form["until"]}"' in page.text, "as it was typed"
        assert "Stop sharing" not in page.text, "nothing was done by itself"
        shared = client.post(sharing, data=form | {"csrf": csrf_of(page)}).headers["location"]
        assert shared == f"{sharing}?done={clinician}"
        assert "Stop sharing" in client.get(sharing).text


def test_the_api_says_what_it_takes_and_gives_another_token(home, client):
    body = {"email": ADA.email, "password": PASSWORD}
    token = client.post("/api/session", json=body).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    home.sql("records", "update care.session set stepped_up_at = stepped_up_at - interval '6 minutes'")
    somebody = {"name": "Sam", "email": "sam@example.org", "roles": ["member"]}
    answer = client.post("/api/members", json=somebody, headers=bearer)
    assert answer.status_code == 401 and "step_up_needed" in answer.text
    assert 'max_age="300"' in answer.headers["www-authenticate"]
    assert client.get("/api/members", headers=bearer).status_code == 200, "what is not grave is not asked for"
    whole = f"/fhir/Patient/{create(home.api(ADA), patient())}/$everything"
    refused = client.get(whole, headers=bearer)
    assert refused.status_code == 401 and "step_up_needed" in refused.text and "entry" not in refused.json()
    assert client.get(whole.removesuffix("/$everything"), headers=bearer).status_code == 200, "one record is no export"
    for wrong, status in (({"password": "wrong " + PASSWORD}, 401), ({"code": "123456"}, 401), ({}, 422), ({"password": 5}, 422)):
        assert client.post("/api/session/step-up", json=wrong, headers=bearer).status_code == status, wrong
    stepped = client.post("/api/session/step-up", json={"password": PASSWORD}, headers=bearer)
    assert stepped.status_code == 200 and stepped.json()["token"] != token
    assert client.get("/api/members", headers=bearer).status_code == 401, "the old token is nobody's"
    bearer = {"Authorization": f"Bearer {stepped.json()['token']}"}
    assert client.post("/api/members", json=somebody, headers=bearer).status_code == 201
    assert client.get(whole, headers=bearer).json()["entry"]


def test_recovery_codes_work_once_and_the_app_can_be_taken_off(home):
    api = home.api(ADA)
    one = Person("rae@tester.example")
    link = api.post(f"{home.url}/api/members", json={"name": "Rae", "email": one.email, "roles": ["patient"]}).json()["link"]
    assert home.set_password(link).status_code == 303
    with home.client() as client, home.client() as elsewhere:
        home.sign_in(elsewhere, one)
        with_password(home, client, one)
        codes = set_up(home, client, one)
        assert len(set(codes)) == 10
        assert elsewhere.get("/patients").headers["location"].startswith("/sign-in"), "other sessions end"
        assert codes[0] not in client.get("/account/second-factor").text, "shown once"
        with_password(home, elsewhere, one)
        for code, status in ((codes[0], 303), (codes[0], 401), (codes[1], 303)):
            form = {"csrf": csrf_of(elsewhere.get("/step-up")), "recovery": code.lower().replace("-", " ")}
            assert elsewhere.post("/step-up", data=form).status_code == status
        page = elsewhere.get("/account/second-factor")
        assert "8 recovery codes are left" in page.text
        fresh = elsewhere.post("/account/second-factor/codes", data={"csrf": csrf_of(page)})
        assert len(re.findall(r"<li><code>", fresh.text)) == 10 and codes[2] not in fresh.text
        form = {"csrf": csrf_of(elsewhere.get("/step-up")), "recovery": codes[2]}
        assert elsewhere.post("/step-up", data=form).status_code == 401, "the old set is gone"
        home.sql("records", "update care.session set stepped_up_at = stepped_up_at - interval '6 minutes'")
        remove = {"csrf": csrf_of(elsewhere.get("/account/second-factor"))}
        answer = elsewhere.post("/account/second-factor/remove", data=remove)
        assert answer.headers["location"].startswith("/step-up")
        form = {"csrf": csrf_of(elsewhere.get("/step-up")), "code": home.code(one)}
        assert elsewhere.post("/step-up", data=form).status_code == 303
        remove = {"csrf": csrf_of(elsewhere.get("/account/second-factor"))}
        assert elsewhere.post("/account/second-factor/remove", data=remove).headers["location"].endswith("?done=removed")
        assert client.get("/patients").status_code == 303, "other sessions end"
    with home.client() as client:
        with_password(home, client, one)
        assert client.get("/patients").status_code == 200


def test_the_operator_takes_a_lost_app_off(home):
    with home.client() as client:
        home.sign_in(client, MEERA)
        assert client.get("/patients").status_code == 200
        done = home.command("second-factor", "reset", MEERA.email)
        assert done.returncode == 0 and "sessions have ended" in done.stdout
        assert client.get("/patients").headers["location"].startswith("/sign-in")
        assert home.command("second-factor", "reset", MEERA.email).returncode != 0, "there is none any more"
        assert home.command("second-factor", "reset", "nobody@example.org").returncode != 0
        with_password(home, client, MEERA)
        set_up(home, client, MEERA)
        assert client.get("/patients").status_code == 200


def test_nothing_of_a_secret_or_a_code_is_in_the_databases_or_the_log(home, client):
    home.sign_in(client, MEERA)
    secret = app_of(home, MEERA).secret
    rows = home.sql("records", "select encode(sealed_secret, 'hex') from care.second_factor").split()
    assert rows and not any(secret.hex() in row for row in rows)
    log = home.log.read_text(errors="replace")
    assert "otpauth" not in log and secret.hex() not in log


def test_the_demo_prints_the_code_of_its_staff(server, people):
    staff, parent = people.one(profile="clinic"), people.parent
    configuration = ["--config", server.folder / "carekeep.yaml"]
    ask = [BINARY, "demo-code", staff.email, *configuration]
    steps = [int(time.time()) // STEP]
    done = subprocess.run(ask, capture_output=True, text=True, timeout=60)
    steps.append(int(time.time()) // STEP)
    assert done.stdout.strip() in [CodeApp(staff.secret).of(step) for step in steps], done.stderr
    assert "otpauth://totp/" in subprocess.run([*ask, "--link"], capture_output=True, text=True, timeout=60).stdout
    refused = subprocess.run([BINARY, "demo-code", parent.email, *configuration], capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0 and parent.secret is None
    assert f"demo-code --config" in server.log.read_text() and staff.email in server.log.read_text()


@pytest.fixture(params=["desktop", "phone"])
def driver(request):
    driver = browser(DESKTOP if request.param == "desktop" else PHONE)
    driver.kind, driver.has_javascript = request.param, True
    yield driver
    driver.quit()


def look(driver, name):
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"})
    (OUTPUT / f"{name}-{driver.kind}.png").write_bytes(base64.b64decode(shot["data"]))
    check_layout(driver)
    check_access(driver)
    check_console(driver)


def test_a_doctor_sets_an_app_up_in_a_browser(home, driver):
    person = Person(f"{driver.kind}@clinic.example")
    assert home.set_password(home.found(f"The {driver.kind} clinic", person.email, "Dr Dev", profile="clinic")).status_code == 303
    driver.get(home.url + "/patients")
    driver.find_element(By.NAME, "email").send_keys(person.email)
    password = driver.find_element(By.NAME, "password")
    leave(driver, lambda: password.send_keys(PASSWORD, Keys.ENTER))
    look(driver, "second-factor-none")
    leave(driver, driver.find_element(By.XPATH, "//button[text()='Set it up']").click)
    driver.find_element(By.TAG_NAME, "summary").click()
    look(driver, "second-factor-new")
    app = CodeApp(driver.find_element(By.CSS_SELECTOR, "code.id").text.replace(" ", ""))
    code = driver.find_element(By.NAME, "code")
    leave(driver, lambda: code.send_keys("000", Keys.ENTER))
    look(driver, "second-factor-new-wrong")
    code = driver.find_element(By.NAME, "code")
    leave(driver, lambda: code.send_keys(app.code(), Keys.ENTER))
    look(driver, "recovery-codes")
    leave(driver, driver.find_element(By.LINK_TEXT, "I have kept them").click)
    assert driver.current_url.endswith("/patients")
    driver.get(home.url + "/account/second-factor")
    look(driver, "second-factor-own")
    driver.delete_all_cookies()
    driver.get(home.url + "/patients")
    driver.find_element(By.NAME, "email").send_keys(person.email)
    password = driver.find_element(By.NAME, "password")
    leave(driver, lambda: password.send_keys(PASSWORD, Keys.ENTER))
    driver.find_element(By.TAG_NAME, "summary").click()
    look(driver, "second-factor")
    driver.get(home.url + "/step-up?next=/patients&again=1")
    look(driver, "step-up")
