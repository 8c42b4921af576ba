"""The harness: boxes boot without a failed unit, see each other, and end as they are told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from image.box import Box, BoxError
from image.network import Network
from image.process import CommandError, run

# A box boots in seconds; several in turn on a machine with other work need more than the usual limit.
pytestmark = pytest.mark.timeout(240)


@contextmanager
def booted(tree: Path, lan: Network, folder: Path, name: str = "one") -> Iterator[Box]:
    with Box(name, tree, lan, data=folder / name) as box:
        box.wait_until_up()
        yield box


def test_a_box_boots_with_no_failed_unit_and_no_ordering_cycle(tree: Path, lan: Network, tmp_path: Path) -> None:
    with booted(tree, lan, tmp_path) as box:
        assert box.run(["systemctl", "--failed", "--no-legend"]).stdout == ""
        assert "ordering cycle" not in box.journal()
        assert box.run(["cat", "/proc/1/comm"]).stdout == "systemd\n"


def test_two_boxes_reach_each_other_and_are_reached(tree: Path, lan: Network, tmp_path: Path) -> None:
    with booted(tree, lan, tmp_path) as one, booted(tree, lan, tmp_path, "two") as two:
        connect = "import socket, sys; socket.create_connection((sys.argv[1], 443), 5)"
        one.run(["python3", "-c", connect, two.address])
        two.run(["python3", "-c", connect, one.address6])
        run(["python3", "-c", connect, one.address])
        two.port.unplug()
        with pytest.raises(CommandError, match=r"timed out|No route"):
            one.run(["python3", "-c", connect, two.address])
        two.port.plug()
        one.run(["python3", "-c", connect, two.address])


def test_two_boxes_may_have_one_name(tree: Path, lan: Network, tmp_path: Path) -> None:
    with booted(tree, lan, tmp_path) as one, Network() as other, booted(tree, other, tmp_path / "other") as namesake:
        assert one.name == namesake.name
        assert one.address != namesake.address


def test_data_outlive_a_power_cut_and_a_reboot(tree: Path, lan: Network, tmp_path: Path) -> None:
    with booted(tree, lan, tmp_path) as box:
        box.run(["sh", "-c", "echo kept > /data/file && echo lost > /run/file"])
        box.kill()
        assert not box.running
        with pytest.raises(BoxError, match="not running"):
            box.run(["true"])
        box.start()
        box.wait_until_up()
        assert box.run(["cat", "/data/file"]).stdout == "kept\n"
        box.reboot()
        box.wait_until_up()
        assert box.run(["cat", "/data/file"]).stdout == "kept\n"
        assert box.run(["test", "-e", "/run/file"], check=False).returncode == 1


def test_a_box_that_goes_off_by_itself_is_noticed(tree: Path, lan: Network, tmp_path: Path) -> None:
    with booted(tree, lan, tmp_path) as box:
        box.run(["systemctl", "poweroff", "--no-block"])
        assert not box.wait(60)
        assert not box.running


def test_programs_in_a_box_get_a_user_and_input_and_say_how_they_ended(
    tree: Path, lan: Network, tmp_path: Path
) -> None:
    with booted(tree, lan, tmp_path) as box:
        assert box.run(["id", "-un"], user="ejabberd").stdout == "ejabberd\n"
        assert box.run(["cat"], stdin="päron").stdout == "päron"
        assert box.run(["pwd"]).stdout == "/\n"
        assert "PYTHONPATH" not in box.run(["env"]).stdout
        with pytest.raises(CommandError, match="exit status 3"):
            box.run(["sh", "-c", "exit 3"])


def test_a_box_is_told_its_name_server_authority_and_provisioning_file(
    tree: Path, lan: Network, tmp_path: Path
) -> None:
    key = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null"]
    run([*key, "-subj", "/CN=Test authority", "-out", tmp_path / "ca.pem"])
    (tmp_path / "given.toml").write_text("not = 'ours'\n")
    with Box(
        "one",
        tree,
        lan,
        data=tmp_path / "data",
        provision=tmp_path / "given.toml",
        ca=tmp_path / "ca.pem",
        binds={"/mnt": tmp_path},
    ) as box:
        assert f"nameserver {lan.address}" in box.run(["cat", "/etc/resolv.conf"]).stdout
        box.use_dns("192.0.2.53")
        assert "nameserver 192.0.2.53" in box.run(["cat", "/etc/resolv.conf"]).stdout
        trusted = "import ssl; print(ssl.create_default_context().get_ca_certs())"
        assert "Test authority" in box.run(["python3", "-c", trusted]).stdout
        assert box.run(["cat", "/boot/parlor.toml"]).stdout == "not = 'ours'\n"
        assert box.run(["sh", "-c", "echo >> /boot/parlor.toml"], check=False).returncode != 0
        assert box.run(["ls", "/mnt/given.toml"]).returncode == 0


def test_a_box_that_does_not_start_says_why_and_leaves_nothing(tree: Path, lan: Network, tmp_path: Path) -> None:
    box = Box("one", tree / "no-such-tree", lan, data=tmp_path)
    with pytest.raises(BoxError, match=r"(?s)does not start.*no-such-tree"), box:
        pass
    links = run(["ip", "-brief", "link"]).stdout
    assert box.port.name not in links
    assert box.port.name not in run(["ip", "netns"]).stdout


def test_nothing_of_the_box_is_left_after_an_exception(tree: Path, lan: Network, tmp_path: Path) -> None:
    processes: list[int] = []

    def fail(box: Box) -> None:
        processes.extend([box.pid, box.leader])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), booted(tree, lan, tmp_path) as box:
        fail(box)
    assert not box.running
    assert not any(Path(f"/proc/{each}").exists() for each in processes)
    assert box.port.name not in run(["ip", "-brief", "link"]).stdout
    assert not box.state.exists()
