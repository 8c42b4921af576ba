"""The browsers' code, tested by Node's own runner without a browser."""

import subprocess
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("*.test.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name.removesuffix(".test.js"))
def test_script(script: Path) -> None:
    command = ["node", "--no-warnings", "--test", "--test-reporter=spec", str(script)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
