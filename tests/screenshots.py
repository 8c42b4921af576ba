"""Takes the pictures in docs/screenshots from a real box: `python3 -m tests.screenshots [FOLDER]`."""

import io
import sys
import tempfile
from base64 import b64decode
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from image.box import Box
from image.network import Network
from image.tree import mounted_tree
from tests.box.chromium import DESK, PHONE, Driver, browser, text, wait
from tests.box.wizard import LOCAL, Answers, answer, code_of, enter_code, finish, log_in

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
ANSWERS = Answers(admin="ann", people=("ben", "carla"), domain="example.org")
GAP = 40  # pixels around pictures that stand side by side
GROUND = "#e4d8c6"


def main(arguments: list[str]) -> int:
    """Take every picture."""
    folder = Path(arguments[0]) if arguments else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        tree = stack.enter_context(mounted_tree())
        network = stack.enter_context(Network())
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        box = stack.enter_context(Box("screenshots", tree, network, data=scratch / "data"))
        box.wait_until_up()
        take_all(box, folder)
    return 0


def take_all(box: Box, folder: Path) -> None:
    """The way of a newcomer: code, invitations; the admin's overview; the page of somebody invited."""
    hosts = {LOCAL: box.address, ANSWERS.domain: box.address}
    with browser(hosts, size=PHONE) as phone, browser(hosts, size=DESK) as desk:
        desk.get(f"https://{LOCAL}/")
        take(desk, folder / "welcome.png")
        enter_code(phone, code_of(box))
        answer(phone, ANSWERS)
        enter_code(desk, code_of(box))
        first, *_ = finish(desk, ANSWERS.password)
        take(desk, folder / "invitations.png")
        phone.get(first.link)
        take(phone, folder / "join.png", whole=True)
        log_in(desk, ANSWERS.domain, ANSWERS.admin, ANSWERS.password)
        wait(desk, lambda: "Everything works" in text(desk))
        with browser(hosts, size=PHONE, dark=True) as evening:
            evening.get(first.link)
            save(beside(shot(evening), shot(desk)), folder / "overview.png")


def take(driver: Driver, target: Path, whole: bool = False) -> None:
    """Save what the window shows, or the `whole` page."""
    save(shot(driver, whole), target)


def save(picture: Image.Image, target: Path) -> None:
    """Write a small PNG: with the lowest bit of each colour left out, soft shades pack well and look the same."""
    picture.point(lambda value: min(255, value + 1) & 0xFE).save(target, optimize=True)


def shot(driver: Driver, whole: bool = False) -> Image.Image:
    """What the window shows, or the `whole` page."""
    answered = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": whole})
    return Image.open(io.BytesIO(b64decode(answered["data"]))).convert("RGB")


def beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two pictures in one."""
    size = (left.width + right.width + 3 * GAP, max(left.height, right.height) + 2 * GAP)
    both = Image.new("RGB", size, GROUND)
    both.paste(left, (GAP, (size[1] - left.height) // 2))
    both.paste(right, (left.width + 2 * GAP, (size[1] - right.height) // 2))
    return both


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
