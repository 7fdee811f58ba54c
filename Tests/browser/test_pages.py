"""The pages as people see them: in a browser, at a desk and on a phone, with JavaScript and without."""

import base64
import re

import pytest
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from code_app import app_of
from conftest import DESKTOP, PHONE, browser
from installation import observation
from server import OUTPUT

WINDOWS = {"desktop": (DESKTOP, True), "phone": (PHONE, True), "without-javascript": (DESKTOP, False)}


@pytest.fixture(scope="module", params=WINDOWS)
def window(request):
    """A browser for all tests of a kind; each test signs in anew."""
    size, javascript = WINDOWS[request.param]
    driver = browser(size, javascript)
    driver.kind, driver.has_javascript = request.param, javascript
    yield driver
    driver.quit()


@pytest.fixture
def visit(server, window):
    """`visit(path)` opens a page of the server."""
    window.delete_all_cookies()

    def go(path):
        window.get(server.url + path)
        return window

    go("/")
    window.delete_all_cookies()
    go.url = server.url
    return go


@pytest.fixture
def signed_in(visit, window, server):
    def as_(person, next=None):
        visit(next or "/sign-in")
        window.find_element(By.NAME, "email").send_keys(person.email)
        password = window.find_element(By.NAME, "password")
        leave(window, lambda: password.send_keys(person.password, Keys.ENTER))
        if app := app_of(server, person):
            assert "/second-factor" in window.current_url, "staff show a code"
            code = window.find_element(By.NAME, "code")
            leave(window, lambda: code.send_keys(app.code(), Keys.ENTER))
        assert "/second-factor" not in window.current_url
        return window

    return as_


def leave(window, act):
    """Does what leads to another page, and waits until this one is gone."""
    page = window.find_element(By.TAG_NAME, "html")
    act()
    WebDriverWait(window, 20, poll_frequency=0.05).until(lambda _: is_gone(page))


def is_gone(element):
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:
        # Chromium says so in its own words where a page is exchanged at that very moment.
        if "does not belong to the document" in (error.msg or ""):
            return True
        raise
    return False


def heading(window):
    return window.find_element(By.TAG_NAME, "h1").text


def screenshot(window, name):
    """The whole page, not only what fits into the window."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    shot = window.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"})
    (OUTPUT / f"{name}-{window.kind}.png").write_bytes(base64.b64decode(shot["data"]))


def check_layout(window):
    """Nothing reaches out of the window sideways, and everything that can be touched can be hit."""
    if not window.has_javascript:
        return
    wide = window.execute_script("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{window.current_url} is wider than the window"
    small = window.execute_script("""
        return [...document.querySelectorAll('button, .button, .tick, input:not([type=hidden], [type=checkbox]), select')]
            .filter(one => one.offsetParent && one.getBoundingClientRect().height < 32).map(one => one.outerHTML)""")
    assert not small, small


def check_access(window):
    """What a screen reader needs; the rest is for people to judge."""
    html = window.find_element(By.TAG_NAME, "html")
    assert html.get_attribute("lang")
    assert len(window.find_elements(By.TAG_NAME, "h1")) == 1
    assert window.title.strip()
    assert len(window.find_elements(By.TAG_NAME, "main")) == 1
    for field in window.find_elements(By.CSS_SELECTOR, "input:not([type=hidden]), select, textarea"):
        identity = field.get_attribute("id")
        labels = window.find_elements(By.CSS_SELECTOR, f'label[for="{identity}"]') if identity else []
        assert labels or field.get_attribute("aria-label"), field.get_attribute("outerHTML")
    for picture in window.find_elements(By.CSS_SELECTOR, "svg:not([aria-hidden=true])"):
        assert picture.get_attribute("role") == "img"
        assert picture.get_attribute("aria-labelledby") or picture.get_attribute("aria-label")
    identities = re.findall(r'\sid="([^"]+)"', window.page_source)
    assert len(identities) == len(set(identities)), "an id is used twice"


def check_console(window):
    """A policy that blocks something says so in the console."""
    complaints = [line for line in window.get_log("browser")
                  if line["level"] == "SEVERE" and "favicon" not in line["message"]
                  and not re.search(r"status of (40[134]|422)", line["message"])]
    assert not complaints, complaints


def check(window, name):
    screenshot(window, name)
    check_layout(window)
    check_access(window)
    check_console(window)


def test_the_door(visit, window):
    visit("/")
    check(window, "home")
    visit("/sign-in")
    check(window, "sign-in")


def test_a_wrong_password_is_said_kindly_and_keeps_the_address(visit, window, people):
    visit("/sign-in")
    window.find_element(By.NAME, "email").send_keys(people.parent.email)
    password = window.find_element(By.NAME, "password")
    leave(window, lambda: password.send_keys("not the password", Keys.ENTER))
    assert window.find_element(By.NAME, "email").get_attribute("value") == people.parent.email
    assert window.find_element(By.NAME, "password").get_attribute("value") == ""
    assert window.find_elements(By.CSS_SELECTOR, "[role=alert], [role=status], .problem")
    check(window, "sign-in-wrong")


def test_from_the_door_to_one_record_in_words(signed_in, window, people):
    signed_in(people.parent)
    check(window, "patients")
    leave(window, window.find_element(By.CSS_SELECTOR, "a.person").click)
    assert re.search(r"/patients/[^/]+$", window.current_url)
    assert window.find_elements(By.CSS_SELECTOR, "figure svg"), "the timeline has a picture"
    check(window, "timeline")
    leave(window, window.find_element(By.CSS_SELECTOR, ".timeline a").click)
    assert "/records/" in window.current_url
    assert heading(window)
    check(window, "record")


def test_what_stood_in_an_entry_before_is_one_click_away(signed_in, window, people, api):
    parent, patient = api(people.parent), people.parent.patients[0]
    weight = parent.create({key: value for key, value in observation(
        patient, "Weight", valueQuantity={"value": 20, "unit": "kg"}).items() if key != "valueInteger"}).json()
    parent.put(f"Observation/{weight['id']}", json=weight | {"valueQuantity": {"value": 21.5, "unit": "kg"}},
               headers={"Content-Type": "application/fhir+json"})
    signed_in(people.parent, next=f"/patients/{patient}/records/Observation.{weight['id']}")
    check(window, "record-changed")
    leave(window, window.find_element(By.PARTIAL_LINK_TEXT, "what stood here before").click)
    check(window, "record-versions")
    leave(window, window.find_element(By.PARTIAL_LINK_TEXT, "Version 1").click)
    assert "20 kg" in window.find_element(By.TAG_NAME, "main").text
    check(window, "record-old")


def test_whoever_has_an_account_is_asked_whether_to_join(visit, window, people, api):
    others = [one for one in people if one.organization != people.parent.organization]
    guest = others[list(WINDOWS).index(window.kind)]
    answer = api(people.parent).post(f"{visit.url}/api/members", json={
        "name": guest.name, "email": guest.email, "roles": ["clinician"]})
    assert answer.status_code == 201 and answer.json()["purpose"] == "join"
    visit(answer.json()["link"])
    check(window, "join")


def test_who_looked_names_the_reader_at_once(signed_in, window, people):
    patient = people.parent.patients[0]
    signed_in(people.parent, next=f"/patients/{patient}")
    leave(window, window.find_element(By.PARTIAL_LINK_TEXT, "Who looked").click)
    text = window.find_element(By.TAG_NAME, "main").text
    assert people.parent.name in text or "You" in text
    check(window, "looked")


def test_people_roles_and_settings(signed_in, window, people):
    signed_in(people.one(role="owner, doctor"), next="/members")
    check(window, "members")
    leave(window, window.find_elements(By.PARTIAL_LINK_TEXT, "Change")[-1].click)
    check(window, "member")
    here = window.current_url.split("/members")[0]
    for page in ("roles", "settings", "leave"):
        window.get(f"{here}/{page}")
        check(window, page)


def test_sharing_says_who_can_read(signed_in, window, people):
    signed_in(people.parent, next=f"/patients/{people.parent.patients[0]}/sharing")
    check(window, "sharing")


def test_a_family_says_who_looks_after_a_record(signed_in, window, people):
    signed_in(people.parent, next=f"/patients/{people.parent.patients[0]}/carers")
    check(window, "carers")
    leave(window, window.find_element(By.PARTIAL_LINK_TEXT, "What changes").click)
    check(window, "growing-up")
    window.back()
    leave(window, window.find_element(By.PARTIAL_LINK_TEXT, "Pause").click)
    check(window, "pause")


@pytest.mark.parametrize("profile", ["family", "clinic", "operations"])
def test_every_kind_of_organisation_has_a_list_and_a_timeline(signed_in, window, people, profile):
    person = people.one(profile=profile, patients=True)
    signed_in(person)
    check(window, f"patients-{profile}")
    window.get(re.sub(r"/patients.*|/$", "", window.current_url) + f"/patients/{person.patients[0]}")
    assert heading(window)
    check(window, f"timeline-{profile}")


def test_what_is_not_there_and_what_is_not_for_one_look_alike(signed_in, window, people, server):
    signed_in(people.parent)
    pages = []
    for patient in (people.stranger.patients[0], "00000000-0000-4000-8000-000000000000"):
        window.get(f"{server.url}/patients/{patient}")
        pages.append(window.page_source.replace(patient, ""))
    assert pages[0] == pages[1]
    check(window, "not-found")


def test_one_can_get_there_with_the_keyboard_alone(visit, window, people):
    visit("/sign-in")
    body = window.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB)
    assert window.switch_to.active_element.get_attribute("href").endswith("#content")
    for _ in range(8):
        window.switch_to.active_element.send_keys(Keys.TAB)
        if window.switch_to.active_element.get_attribute("name") == "email":
            break
    window.switch_to.active_element.send_keys(people.parent.email, Keys.TAB)
    password = window.switch_to.active_element
    leave(window, lambda: password.send_keys(people.parent.password, Keys.ENTER))
    assert window.find_elements(By.CSS_SELECTOR, "a.person")


def test_signing_out_leads_to_the_door_and_back_does_not_lead_in(signed_in, window, people, server):
    signed_in(people.parent)
    leave(window, window.find_element(By.CSS_SELECTOR, 'form[action="/sign-out"] button').click)
    window.get(f"{server.url}/patients")
    assert window.find_elements(By.NAME, "password")
    window.back()
    window.get(f"{server.url}/patients/{people.parent.patients[0]}")
    assert window.find_elements(By.NAME, "password")


def test_letters_of_the_page_can_be_read(signed_in, window, people):
    """Text has a contrast of 4.5 at least (WCAG 2.2 AA), in the light and in the dark."""
    if not window.has_javascript:
        pytest.skip("measured by script")
    signed_in(people.parent, next=f"/patients/{people.parent.patients[0]}")
    for scheme in ("light", "dark"):
        window.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        assert window.execute_script(CONTRAST) == [], scheme
        screenshot(window, f"timeline-{scheme}")
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# Texts of less contrast than they should have, against the nearest background that is not see-through.
CONTRAST = """
    const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number)
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const behind = one => {
        for (; one; one = one.parentElement) {
            const colour = numbers(getComputedStyle(one).backgroundColor)
            if (colour.length == 3 || colour[3] == 1) return colour
        }
        return [255, 255, 255]
    }
    const found = []
    const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
        const one = texts.currentNode.parentElement
        if (!texts.currentNode.data.trim() || !one.offsetParent || one.closest('svg') || one.closest('.hidden')) continue
        const style = getComputedStyle(one)
        // A day that stands above already is there for those who listen, and left out for the eye.
        if (numbers(style.color)[3] === 0) continue
        const [a, b] = [light(numbers(style.color)), light(behind(one))].sort((x, y) => y - x)
        const isLarge = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700
        const ratio = (a + 0.05) / (b + 0.05)
        if (ratio < (isLarge ? 3 : 4.5)) found.push([texts.currentNode.data.trim().length, one.className, ratio])
    }
    return found
"""
