"""Two boxes in one house: the second cannot take the name, and with it the addresses, of the first."""

from pathlib import Path
from typing import Any

import pytest

from image.box import Box
from image.network import Network
from tests.box.house import House
from tests.box.portal_user import as_portal
from tests.box.test_claim import SETUP, code_of

pytestmark = pytest.mark.timeout(300)

SET_UP = """
token = token or call("POST", "/v1/claim", {"code": code})["token"]
job = call("POST", "/v1/setup", setup, token=token)
while job["state"] == "running":
    job = call("GET", f"/v1/jobs/{job['id']}?wait=20", token=token)
result = {"job": job, "token": token}
"""


def set_up(box: Box, setup: dict[str, Any], token: str = "") -> dict[str, Any]:
    """Claim a box and set it up; the job as it ended, and the token to try again with."""
    answer: dict[str, Any] = as_portal(box, SET_UP, code="" if token else code_of(box), setup=setup, token=token)
    return answer


def test_a_name_that_another_device_has_is_refused(house: House, tmp_path: Path) -> None:
    with (
        Network() as lan,
        Box("elder", house.tree, lan, data=tmp_path / "elder") as elder,
    ):
        elder.wait_until_up()
        assert set_up(elder, SETUP)["job"]["state"] == "done"
        with Box("younger", house.tree, lan, data=tmp_path / "younger") as younger:
            younger.wait_until_up()
            refused = set_up(younger, SETUP)
            assert refused["job"]["error"]["code"] == "conflict", refused["job"]
            assert "parlor.local" in refused["job"]["error"]["message"]
            kitchen = SETUP | {"box": {"name": "kitchen", "language": "en"}}
            assert set_up(younger, kitchen, refused["token"])["job"]["state"] == "done"
            assert "ann@kitchen.local" in younger.run(["parlor", "user", "list"]).stdout
