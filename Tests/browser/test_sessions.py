"""Where somebody is signed in, and ending that from elsewhere. (ACC-3)"""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import csrf_of
from installation import PASSWORD, Person, installation
from test_pages import leave
from test_second_factor import driver, look  # noqa: F401 (a fixture)

ADA = Person("ada@tester.example")
PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0"
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"


@pytest.fixture(scope="module")
def home():
    with installation("sessions") as own:
        way = own.found()
        own.start()
        own.set_password(way)
        yield own


def test_devices_are_told_in_words_and_signed_out_one_by_one_or_all(home):
    with home.client(headers={"User-Agent": PHONE}) as phone, home.client(headers={"User-Agent": LAPTOP}) as laptop:
        home.sign_in(phone, ADA)
        home.sign_in(laptop, ADA)
        token = home.api(ADA).token
        page = laptop.get("/account/sessions")
        for words in ("Firefox on Linux (this device)", "Firefox on Android", "A program (python-httpx)"):
            assert words in page.text
        form = {"csrf": csrf_of(page)}
        android = page.text.split("Firefox on Android")[1].split('name="session" value="')[1].split('"')[0]
        assert laptop.post("/account/sessions", data=form | {"session": "no id"}).status_code == 404
        assert laptop.post("/account/sessions", data={"session": android}).status_code == 403, "no form of ours"
        ended = laptop.post("/account/sessions", data=form | {"session": android})
        assert ended.headers["location"] == "/account/sessions?ended=1"
        assert "One device is signed out" in laptop.get("/account/sessions?ended=1").text
        assert phone.get("/patients").headers["location"].startswith("/sign-in")
        laptop.post("/account/sessions", data=form | {"session": "others"})
        assert laptop.get("/api/members", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert laptop.get("/patients").status_code == 200, "the one that asked goes on"


def test_others_are_signed_out_by_whoever_shows_who_they_are(home):
    """A device that somebody left signed in ends nobody's session."""
    with home.client() as left, home.client() as mine:
        home.sign_in(mine, ADA)
        home.sign_in(left, ADA)
        home.sql("records", "update care.session set stepped_up_at = created_at - interval '1 hour'")
        form = {"csrf": csrf_of(left.get("/account/sessions")), "session": "others"}
        asked = left.post("/account/sessions", data=form)
        assert asked.status_code == 303 and asked.headers["location"].startswith("/step-up")
        assert mine.get("/patients").status_code == 200
        page = left.get(asked.headers["location"])
        again = left.post("/step-up", data={"csrf": csrf_of(page), "next": "/account/sessions", "password": PASSWORD})
        assert again.status_code == 303 and again.headers["location"] == "/account/sessions", again.text
        form = {"csrf": csrf_of(left.get("/account/sessions")), "session": "others"}
        assert left.post("/account/sessions", data=form).headers["location"].startswith("/account/sessions?ended=")
        assert mine.get("/patients").status_code == 303


def test_an_owner_signs_a_member_out(home):
    api = home.api(ADA)
    bo = Person("bo@tester.example")
    added = api.post(f"{home.url}/api/members", json={"name": "Bo", "email": bo.email, "roles": ["caregiver"]}).json()
    assert home.set_password(added["link"]).status_code == 303
    with home.client() as client:
        home.sign_in(client, bo)
        members = api.get(f"{home.url}/api/members").json()
        id = next(one["id"] for one in members if one["name"] == "Bo")
        own = home.api(bo)
        assert own.delete(f"{home.url}/api/members/{id}/sessions").status_code == 404, "a caregiver ends nobody's"
        assert api.delete(f"{home.url}/api/members/nobody/sessions").status_code == 404
        answer = api.delete(f"{home.url}/api/members/{id}/sessions")
        assert answer.status_code == 200 and answer.json() == {"ended": 2}
        assert client.get("/patients").status_code == 303
        assert own.get(f"{home.url}/api/members").status_code == 401


def test_the_page_in_a_browser(home, driver):  # noqa: F811
    with home.client(headers={"User-Agent": PHONE}) as phone:
        home.sign_in(phone, ADA)
        driver.get(home.url + "/account/sessions")
        driver.find_element(By.NAME, "email").send_keys(ADA.email)
        password = driver.find_element(By.NAME, "password")
        leave(driver, lambda: password.send_keys(PASSWORD, Keys.ENTER))
        assert driver.current_url.endswith("/account/sessions")
        look(driver, "devices")
        button = driver.find_element(By.XPATH, "//button[text()='Sign out everywhere else']")
        leave(driver, button.click)
        assert "signed out" in driver.find_element(By.CSS_SELECTOR, "[role=status]").text
        look(driver, "devices-done")
        assert phone.get("/patients").status_code == 303
