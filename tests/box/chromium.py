"""Real browsers for the tests: headless Chromium that finds the boxes by their names."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

WAIT_S = 20.0
# What chromedriver says of an element that it has just found, when the page is another one by then.
BETWEEN_PAGES = "does not belong to the document"
PHONE = (360, 740)
DESK = (1280, 800)

Driver = webdriver.Chrome


@contextmanager
def browser(
    hosts: Mapping[str, str],
    language: str = "en",
    size: tuple[int, int] = DESK,
    dark: bool = False,
    scripts: bool = True,
    trusting: bool = True,
    more: Sequence[str] = (),
    logs: Sequence[str] = ("browser",),
) -> Iterator[Driver]:
    """A browser with a profile of its own. `hosts` maps names to addresses, `more` are switches; `logs` are kept.

    A `trusting` one takes any certificate; another asks its person (`accept_certificate`).
    """
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    rules = ", ".join(f"MAP {name} {address}" for name, address in hosts.items())
    for argument in (
        "--headless=new",
        "--no-sandbox",  # it runs as root in the tools root, on our own pages only
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--host-resolver-rules={rules}",
        f"--lang={language}",
        f"--accept-lang={language}",
        *more,
    ):
        options.add_argument(argument)
    if trusting:
        options.add_argument("--ignore-certificate-errors")
    else:
        options.set_capability("acceptInsecureCerts", False)
    javascript = 1 if scripts else 2
    options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": javascript})
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        yield driver
    finally:
        driver.quit()


def script(driver: Driver, code: str, *arguments: object) -> Any:
    """What a piece of JavaScript returns; `arguments` are its `arguments`."""
    return driver.execute_script(code, *arguments)  # type: ignore[no-untyped-call]


def path(driver: Driver) -> str:
    """The path of the page that is shown."""
    return "/" + driver.current_url.split("/", 3)[3].partition("?")[0].partition("#")[0]


def one(driver: Driver, selector: str) -> WebElement:
    """The first element that a CSS selector finds."""
    return driver.find_element(By.CSS_SELECTOR, selector)


def text(driver: Driver, selector: str = "main") -> str:
    """What a person reads there."""
    return one(driver, selector).text


def fill(driver: Driver, name: str, value: str, index: int = 0) -> None:
    """Type into the field of this name. Emoji and controls go in by script: chromedriver types the basic plane only."""
    fields = driver.find_elements(By.NAME, name)
    assert index < len(fields), f"no field {name!r} at {driver.current_url}:\n{text(driver, 'body')}"
    field = fields[index]
    field.clear()
    if value.isprintable() and max(value, default="") <= "\uffff" and len(value) < 200:
        field.send_keys(value)
    else:
        script(driver, "arguments[0].value = arguments[1]", field, value)


def choose(driver: Driver, name: str, value: str) -> None:
    """Tick the radio button of this name and value."""
    press(driver, f'input[name="{name}"][value="{value}"]')


def press(driver: Driver, selector: str) -> None:
    """Click, as a person would who scrolled there."""
    element = one(driver, selector)
    script(driver, "arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def submit(driver: Driver, selector: str = "main form .primary") -> None:
    """Press a form's button and wait for the page that follows."""
    before = one(driver, "html")
    press(driver, selector)
    wait(driver, lambda: gone(before))
    wait(driver, lambda: script(driver, "return document.readyState") == "complete")


def gone(element: WebElement) -> bool:
    """Whether the page that held this element has been left."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException:
        return False
    return False


def wait(driver: Driver, holds: Any, timeout_s: float = WAIT_S) -> None:
    """Wait until `holds()` is true; while one page gives way to another, it is not."""

    def now(_driver: Driver) -> Any:
        try:
            return holds()
        except WebDriverException as error:
            if isinstance(error, StaleElementReferenceException) or BETWEEN_PAGES in str(error):
                return False
            raise

    WebDriverWait(driver, timeout_s, 0.1).until(now, f"at {driver.current_url}")


def accept_certificate(driver: Driver) -> None:
    """Answer Chromium's warning of a certificate that nobody vouches for; the words are its own back door."""
    wait(driver, lambda: driver.title == "Privacy error")
    page = one(driver, "html")
    ActionChains(driver).send_keys("thisisunsafe").perform()
    wait(driver, lambda: gone(page))


def complaints(driver: Driver) -> list[str]:
    """What the browser wrote on its console, but for answers that are meant to be errors."""
    log: list[dict[str, Any]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in log if "Failed to load resource" not in entry["message"]]
