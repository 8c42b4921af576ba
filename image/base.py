"""The lower part of the box's root file system: Debian's packages and Janus, configured and cleaned."""

import os
import shutil
import time
from pathlib import Path

from image import board as boards
from image import debian, emulation, kernel, raspberry, sources, tryboot
from image.board import Board
from image.cache import LOGS, REPOSITORY, built, digest, fingerprint
from image.process import run
from image.progress import step

MASKED = REPOSITORY / "image/packages/masked-units.txt"
FIXED_USERS = REPOSITORY / "rootfs/usr/lib/sysusers.d/parlor.conf"

# Firmware that chips load is not free software, but without it there is no network.
COMPONENTS = ("main", "non-free-firmware")

# What was made during the build is of no particular time: 2025-01-01, in seconds since 1970. So two builds are alike.
SETTLED = 1735689600

# Tells the hook where Janus's packages are.
DEBS = "PARLOR_DEBS"

# ejabberd's backport needs Erlang's backport, which apt takes only when it is told to.
PINS = """\
Package: ejabberd ejabberd-* erlang-*
Pin: release n=trixie-backports
Pin-Priority: 990
"""

# Made while packages were installed: secret, unique to one machine, or of no use in a root that never changes.
LEFTOVERS = (
    *("etc/ejabberd/*", "var/lib/ejabberd/.*", "var/lib/ejabberd/*", "etc/janus/*", "etc/ssl/private/*"),
    *("etc/ssh/ssh_host_*", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "root/.*"),
    *("etc/apt/sources.list*", "etc/apt/preferences.d/*", "etc/apt/apt.conf.d/99mmdebstrap"),
    *("etc/dpkg/dpkg.cfg.d/99mmdebstrap", "var/lib/apt/lists/*", "var/cache/*/*", "var/log/*", "var/backups/*"),
    *("etc/*-", "etc/hostname", "etc/resolv.conf", "tmp/*", "var/tmp/*"),
)

# The root is read-only: what the running system decides is a link into /run, what it keeps is mounted here.
RESOLV_CONF = "../run/parlor-host/resolv.conf"
MOUNT_POINTS = ("data", "boot")

HOOKS = (
    ("setup", "image.base:add_backports"),
    ("essential", "image.base:add_fixed_users"),
    ("customize", "image.base:install_janus"),
    ("customize", "image.base:mask_units"),
    ("customize", "image.kernel:make_initramfs"),
    ("customize", "image.base:clean"),
)
# What comes before those, and which files of ours decide about it.
BOARD_HOOKS = {
    Board.X86: (),
    Board.RPI: (
        ("setup", "image.raspberry:add_sources"),
        ("customize", "image.tryboot:install_tryboot"),
        ("customize", "image.raspberry:drop_boot_files"),
    ),
}
BOARD_PARTS = {
    Board.X86: (),
    Board.RPI: (Path(emulation.__file__), Path(raspberry.__file__), Path(tryboot.__file__), tryboot.SOURCE),
}


def build_base(board: Board, janus: Path) -> Path:
    """A board's base with its packages and the Janus in the folder `janus`, built if it is not there yet."""
    recipe = [Path(str(module.__file__)) for module in (boards, debian, sources, kernel)]
    parts = [Path(__file__), *recipe, MASKED, FIXED_USERS, *kernel.parts(), *BOARD_PARTS[board]]
    key = digest([board, *board.packages, janus.name, *fingerprint(parts)])
    return built(f"base-{board}", key, lambda target: make_base(target, board, janus))


def add_backports(root: Path) -> None:
    """Take ejabberd and Erlang from trixie-backports."""
    sources.add_suite(root, "deb", "trixie-backports")
    (root / "etc/apt/preferences.d/parlor").write_text(PINS, encoding="utf-8")


def add_fixed_users(root: Path) -> None:
    """Give users the ids that their files on /data keep across updates, before packages choose others."""
    run(["systemd-sysusers", f"--root={root}", FIXED_USERS])


def install_janus(root: Path) -> None:
    """Install the Janus that was built here (libjs-janus-gateway waits for the web client)."""
    place = root / "var/cache/parlor"
    place.mkdir()
    for package in Path(os.environ[DEBS]).glob("janus_*.deb"):
        shutil.copy(package, place)
        inside = f"/var/cache/parlor/{package.name}"
        debian.in_root(root, ["apt-get", "install", "-y", "--no-install-recommends", inside])


def mask_units(root: Path) -> None:
    """Keep what packages bring from being started: masked-units.txt says what, and why."""
    for unit in debian.package_names(MASKED):
        link = root / "etc/systemd/system" / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


def clean(root: Path) -> None:
    """Leave nothing secret, unique or stale, and make the root ready to be read-only."""
    for pattern in LEFTOVERS:
        for path in sorted(root.glob(pattern)):
            _delete(path)
    (root / "etc/resolv.conf").symlink_to(RESOLV_CONF)
    (root / "etc/machine-id").write_text("", encoding="ascii")
    for folder in MOUNT_POINTS:
        (root / folder).mkdir(exist_ok=True)
    (root / "boot").chmod(0o700)  # as the boot partition will be; it cannot be changed where the root is read-only


def make_base(target: Path, board: Board, janus: Path) -> None:
    """Make a board's base in the folder `target`, which does not exist yet."""
    log = LOGS / f"base-{board}.log"
    env = {
        DEBS: str(janus),
        "SOURCE_DATE_EPOCH": str(SETTLED),
        "INITRD": "No",
    }  # the initramfs is made once, at the end
    title = f"base system for {board}: {len(board.packages)} packages and what they need"
    with step(title, log), emulation.emulated(board.architecture):
        started = time.time()
        debian.bootstrap(
            target,
            board.packages,
            log=log,
            hooks=[*BOARD_HOOKS[board], *HOOKS],
            architecture=board.architecture,
            components=COMPONENTS,
            env=env,
        )
        settle(target, started)


def settle(tree: Path, since: float) -> None:
    """Give everything that changed since then (seconds since 1970) one and the same time."""
    for path in [tree, *tree.rglob("*")]:
        if path.lstat().st_mtime >= since:
            os.utime(path, (SETTLED, SETTLED), follow_symlinks=False)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
