"""Every page by keyboard, by ear and enlarged: at a desk and on a phone, as whoever it is for. (docs/accessibility.md)

axe-core looks for what a program can find of WCAG 2.2 A and AA; the keyboard is tried key by key, since no program reads that off a page.
"""

import base64
from pathlib import Path

import pytest
import selenium_axe_python
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import DESKTOP, PHONE, browser
from installation import installation
from mailbox import Mailbox, certificate
from provider import Provider
from server import OUTPUT
from visits import ADA, NO_PAGES, VISITS, Places, know, routes

AXE = (Path(selenium_axe_python.__file__).parent / "axe-core" / "axe.min.js").read_text()
WINDOWS = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture(scope="module")
def places(server, people, tmp_path_factory):
    box = Mailbox(certificate(tmp_path_factory.mktemp("mail")))
    with Provider() as provider, installation("accessibility", sign_in={"local_providers": "allowed"}) as home:
        home.settings["mail"] = {"host": "127.0.0.1", "port": box.port, "from": "carekeep@tester.example",
                                 "authority_file": str(box.certificate / "certificate.pem")}
        home.configure()
        home.box = box.open()
        way = home.found()
        assert home.command("stewards", "add", ADA.email).returncode == 0
        home.start()
        home.set_password(way)
        know(home, provider)
        found = Places(server, people, home, provider)
        yield found
        found.close()
    box.close()


@pytest.fixture(scope="module", params=WINDOWS)
def window(request):
    driver = browser(WINDOWS[request.param])
    driver.kind, driver.size = request.param, WINDOWS[request.param]
    yield driver
    driver.quit()


@pytest.fixture
def look(window, places):
    """`look(visit)` makes the visit, as whoever it is for."""

    def go(visit):
        base = places.server_of(visit.who).url
        window.get(f"{base}/health/live")
        window.delete_all_cookies()
        cookie = places.cookie(visit.who)
        if cookie:
            window.add_cookie({"name": "__Host-carekeep", "value": cookie, "path": "/", "secure": True})
        window.get(base + visit.path(places))
        if visit.act:
            visit.act(window, places)
        return window

    return go


def resize(window, width, height=800):
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": window.kind == "phone"})


def shoot(window, name):
    OUTPUT.mkdir(parents=True, exist_ok=True)
    shot = window.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"})
    (OUTPUT / f"axe-{name}-{window.kind}.png").write_bytes(base64.b64decode(shot["data"]))


def axe(window, **options):
    """What axe-core finds, one line for each rule and element."""
    if not window.execute_script("return typeof axe === 'object'"):
        window.execute_script(AXE + "; window.axe = axe")
    found = window.execute_async_script("""
        const done = arguments[arguments.length - 1]
        axe.run(document, arguments[0]).then(
            result => done(result.violations.flatMap(one => one.nodes.map(node =>
                `${one.impact} ${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`))),
            error => done([`axe-core failed: ${error.message}`]))""", options)
    return found


# What comes of every page

def test_every_page_is_visited():
    visited = {visit.route for visit in VISITS}
    served = routes()
    assert len(served) > 40, "the routes are read"
    assert served - visited - set(NO_PAGES) == set(), "a page that nobody visits: give it a line in visits.py"
    assert (visited | set(NO_PAGES)) - served == set(), "a visit to a page that is no more"
    names = [visit.name for visit in VISITS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_a_page_is_for_everybody(look, window, visit):
    look(visit)
    shoot(window, visit.name)
    arrived(window, visit)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = axe(window, runOnly={"type": "tag", "values": tags}, rules={"target-size": {"enabled": True}})
    assert found == []
    in_the_dark(window)
    if visit.is_wrong:
        says_what_is_wrong(window)
    reflows(window, visit)
    by_keyboard(window)


def arrived(window, visit):
    """It is the page that was meant, and not a door before it."""
    assert window.find_elements(By.TAG_NAME, "h1"), window.page_source[:500]
    if not visit.route.startswith(("sign-in", "/", "password")):
        assert "/sign-in" not in window.current_url, "signed out"
    if visit.who and "second-factor" not in visit.route and "step-up" not in visit.route:
        assert "/second-factor?" not in window.current_url and "/step-up" not in window.current_url, window.current_url
    assert bool(window.find_elements(By.CSS_SELECTOR, "main .problem, main [aria-invalid=true]")) == visit.is_wrong


def in_the_dark(window):
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    try:
        assert axe(window, runOnly={"type": "rule", "values": ["color-contrast"]}) == []
    finally:
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def says_what_is_wrong(window):
    """Whoever listens hears it first, is where it is said, and hears at each field what is wrong with it."""
    assert window.title.startswith("Error: "), window.title
    at = window.switch_to.active_element
    assert at.get_attribute("aria-invalid") == "true" or "problem" in (at.get_attribute("class") or ""), "nothing has the focus"
    for field in window.find_elements(By.CSS_SELECTOR, "[aria-invalid=true]"):
        texts = [window.find_element(By.ID, one).text for one in (field.get_attribute("aria-describedby") or "").split()]
        assert any(texts), field.get_attribute("outerHTML")


TOO_WIDE = """
    const wide = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= wide) return []
    return [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > wide + 1)
        .map(one => `${one.tagName}.${one.className}`).slice(0, 8).concat(document.documentElement.scrollWidth)"""
# Text that is cut off: in an element that hides what does not fit.
CUT_OFF = """
    return [...document.querySelectorAll('body *')].filter(one => {
        const style = getComputedStyle(one)
        return one.checkVisibility() && style.overflowX === 'hidden' && style.clipPath === 'none'
            && one.scrollWidth > one.clientWidth + 1
    }).map(one => `${one.tagName}.${one.className}`)"""


def reflows(window, visit):
    """Nothing has to be scrolled sideways at 320 pixels, or when all text is twice as large; and nothing is cut off."""
    try:
        resize(window, 320)
        assert window.execute_script(TOO_WIDE) == [], "at 320 pixels"
        assert window.execute_script(CUT_OFF) == [], "at 320 pixels"
        resize(window, *window.size)
        window.execute_script("document.documentElement.style.fontSize = '200%'")
        assert window.execute_script(TOO_WIDE) == [], "with text twice as large"
        assert window.execute_script(CUT_OFF) == [], "with text twice as large"
    finally:
        window.execute_script("document.documentElement.style.fontSize = ''")
        resize(window, *window.size)


REACHABLE = """
    window.stops = [...document.querySelectorAll(
        'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])')]
        .filter(one => !one.disabled && one.checkVisibility({visibilityProperty: true}))
        // Of radio buttons one is a stop; the arrows lead to the others.
        .filter(one => one.type !== 'radio' || one.checked || !document.querySelector(`input[name="${one.name}"]:checked`))
    document.body.tabIndex = -1
    document.body.focus()
    document.body.removeAttribute('tabindex')
    return stops.length"""
# Where the focus is now: which stop, whether that is to be seen, and what it is.
FOCUS = """
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect()
    return [stops.indexOf(one), style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
        && box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        one.outerHTML.slice(0, 160), box.left, box.top, box.right, box.bottom, scrollY,
        one === document.body || one === document.documentElement,
        one.scrollHeight > one.clientHeight || one.scrollWidth > one.clientWidth]"""


def by_keyboard(window):
    """Tab stops at everything that can be used, in the order of the page, where it can be seen; and leaves again."""
    count = window.execute_script(REACHABLE)
    reached, before = [], None
    for _ in range(count * 4 + 20):
        tab(window)
        stop, is_seen, what, left, top, right, bottom, scrolled, is_out, scrolls = window.execute_script(FOCUS)
        if is_out or (stop == 0 and reached):
            break
        if stop == -1 and scrolls:  # something that scrolls, which browsers stop at by themselves
            continue
        if reached and stop == reached[-1]:  # the parts of a date, which browsers show by themselves
            continue
        assert is_seen, f"the focus is not to be seen: {what}"
        assert stop >= 0, f"a stop at what cannot be used: {what}"
        box = (left, top + scrolled, right, bottom + scrolled)
        if before:
            assert not (box[3] <= before[1] + 1 and box[0] <= before[2]), f"the focus jumps back to {what}"
        reached.append(stop)
        before = box
    else:
        raise AssertionError("the focus is trapped")
    assert reached == list(range(count)), "in the order of the page, nothing left out"


def tab(window):
    for kind in ("rawKeyDown", "keyUp"):
        window.execute_cdp_cmd("Input.dispatchKeyEvent", {
            "type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9})


def test_the_first_key_leads_past_the_head_of_the_page(look, window):
    visit = next(one for one in VISITS if one.name == "timeline")
    look(visit)
    window.execute_script(REACHABLE)
    tab(window)
    skip = window.switch_to.active_element
    assert skip.text == "Skip to the page" and skip.rect["y"] >= 0
    skip.send_keys(Keys.ENTER)
    assert window.switch_to.active_element.get_attribute("id") == "content"
    tab(window)
    inside = window.execute_script("return document.querySelector('main').contains(document.activeElement)")
    assert inside, "the next stop is within the page"


# The checks themselves: each notices what it is for

BROKEN = {
    "an unlabelled field": "document.querySelector('main').append(document.createElement('input'))",
    "grey letters": "document.querySelector('h1').style.color = '#ddd'",
    "a picture without words": "document.querySelector('main').append(document.createElement('img'))",
    "no focus to be seen": "document.querySelectorAll('a').forEach(one => { one.style.outline = 'none' })",
    "another order": "document.querySelector('main a, main button').tabIndex = 5",
    "a page too wide": "document.querySelector('main').style.minWidth = '700px'",
    "a text cut off": "Object.assign(document.querySelector('h1').style, {overflow: 'hidden', whiteSpace: 'nowrap', width: '3em'})",
    "a trap": """document.querySelector('main button').addEventListener('keydown', one => { one.preventDefault() })""",
}


@pytest.mark.parametrize("damage", BROKEN)
def test_what_is_broken_is_noticed(look, window, damage):
    visit = next(one for one in VISITS if one.name == "account-password")
    look(visit)
    arrived(window, visit)
    window.execute_script(BROKEN[damage])
    with pytest.raises(AssertionError):
        assert axe(window) == []
        reflows(window, visit)
        by_keyboard(window)
