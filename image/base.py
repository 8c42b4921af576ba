"""The lower part of the box's root file system: Debian's packages and Janus, configured and cleaned."""

import os
import shutil
from pathlib import Path

from image import debian, sources
from image.cache import LOGS, REPOSITORY, built, digest, fingerprint
from image.process import run
from image.progress import step

PACKAGES = REPOSITORY / "image/packages/base.txt"
MASKED = REPOSITORY / "image/packages/masked-units.txt"
FIXED_USERS = REPOSITORY / "rootfs/usr/lib/sysusers.d/parlor.conf"

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
    ("customize", "image.base:clean"),
)


def build_base(janus: Path) -> Path:
    """The base with the packages in base.txt and the Janus in the folder `janus`, built if it is not there yet."""
    names = debian.package_names(PACKAGES)
    recipe = [Path(path) for path in (__file__, debian.__file__, sources.__file__)]
    key = digest([*names, janus.name, *fingerprint([*recipe, MASKED, FIXED_USERS])])
    return built("base", key, lambda target: _build(target, names, janus))


def manifest(base: Path) -> Path:
    """The list of all packages and their exact versions in a base, one a line: what an SBOM starts from."""
    return base / "usr/share/parlor/packages.txt"


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
    packages = run(["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show"]).stdout
    manifest(root).parent.mkdir(parents=True)
    manifest(root).write_text(packages, encoding="utf-8")
    for pattern in LEFTOVERS:
        for path in sorted(root.glob(pattern)):
            _delete(path)
    (root / "etc/resolv.conf").symlink_to(RESOLV_CONF)
    (root / "etc/machine-id").write_text("", encoding="ascii")
    for folder in MOUNT_POINTS:
        (root / folder).mkdir(exist_ok=True)


def _build(target: Path, names: list[str], janus: Path) -> None:
    log = LOGS / "base.log"
    with step(f"base system: {len(names)} packages and what they need", log):
        debian.bootstrap(target, names, log=log, hooks=HOOKS, env={DEBS: str(janus)})


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
