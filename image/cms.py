"""Signs and verifies CMS messages with OpenSSL, `openssl-cms(1)`: DER, the content inside."""

import os
import tempfile
from pathlib import Path

from image.keys import Signer
from image.process import Argument, run


def signed(content: bytes, signer: Signer) -> bytes:
    """The content with the signer's signature. Raises `CommandError`."""
    with tempfile.TemporaryDirectory() as place:
        source, target = Path(place, "content"), Path(place, "signed")
        source.write_bytes(content)
        how: list[Argument] = [
            "-sign",
            "-binary",
            "-nodetach",
            "-md",
            "sha256",
            "-outform",
            "DER",
            "-passin",
            "env:KEY_PASSPHRASE",
        ]
        who: list[Argument] = ["-signer", signer.certificate, "-inkey", signer.key]
        env = {**os.environ, "KEY_PASSPHRASE": signer.passphrase}
        run(["openssl", "cms", *how, *who, "-in", source, "-out", target], env=env)
        return target.read_bytes()


def verified(path: Path, keyring: Path, *, whenever: bool = False) -> bytes:
    """The content of a signed file as a box with this keyring takes it, or once took it. Raises `CommandError`."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place, "content")
        how: list[Argument] = ["-verify", "-binary", "-inform", "DER", "-purpose", "codesign", "-crl_check_all"]
        trust: list[Argument] = ["-CAfile", keyring, "-no-CApath", "-no-CAstore"]
        trust += ["-no_check_time"] if whenever else []
        run(["openssl", "cms", *how, *trust, "-in", path, "-out", target])
        return target.read_bytes()
