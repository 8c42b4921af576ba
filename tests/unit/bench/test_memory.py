"""Units and sizes as the kernel writes them."""

import pytest

from tests.bench.memory import pss_of, unit_of


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/parlor-1/lan0-2/system.slice/nginx.service\n", "nginx.service"),
        ("2:cpu:/\n1:name=systemd:/boxes/lan0-2/init.scope\n0::/\n", "init.scope"),
        ("0::/system.slice/system-parlor.slice/parlor@1.service/worker\n", "parlor@1.service"),
        ("0::/\n", "other"),
    ],
)
def test_the_innermost_unit_counts(cgroup: str, unit: str) -> None:
    assert unit_of(cgroup) == unit


def test_the_size_is_in_bytes() -> None:
    assert pss_of("aa-ff ---p 00:00 0 [rollup]\nRss: 99 kB\nPss:  12 kB\nPss_Dirty: 1 kB\n") == 12 * 1024
