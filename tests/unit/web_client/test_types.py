"""The types that the browsers' code names in its comments fit."""

import subprocess

from image.cache import REPOSITORY


def test_types() -> None:
    command = ["tsc", "--project", str(REPOSITORY / "web_client" / "tsconfig.json")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
