"""Kernel and initramfs of the base: one of each, at /boot/vmlinuz and /boot/initrd.img, where the boot loader looks."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from image import debian
from image.cache import REPOSITORY
from image.emulation import hastened

# Our hooks and scripts (initramfs-tools(7)).
OURS = REPOSITORY / "rootfs/usr/share/initramfs-tools"


def parts() -> Iterator[Path]:
    """What goes into the initramfs and is ours."""
    if OURS.exists():
        yield OURS


def make_initramfs(root: Path) -> None:
    """Make the initramfs, with our scripts in it, and give it and the kernel names without a version (a hook)."""
    for part in parts():
        shutil.copytree(part, root / OURS.relative_to(REPOSITORY / "rootfs"), dirs_exist_ok=True)
    modules = next((root / "usr/lib/modules").iterdir())
    with hastened(root):
        debian.in_root(root, ["mkinitramfs", "-o", "/boot/initrd.img", modules.name])
    kernels = [modules / "vmlinuz", root / f"boot/vmlinuz-{modules.name}"]  # Since 7.1 it is packed beside its modules.
    next(kernel for kernel in kernels if kernel.exists()).rename(root / "boot/vmlinuz")
    for left in [*(root / "boot").glob("*-*"), root / "vmlinuz", root / "initrd.img", root / "vmlinuz.old"]:
        left.unlink(missing_ok=True)
