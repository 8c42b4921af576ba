"""The exchanges that the RFCs print."""

from dataclasses import dataclass

import pytest

from tests.box.scram import Scram, b64, unb64


@dataclass(frozen=True)
class Exchange:
    """What client (first, final) and server (challenge, outcome) say for the user "user" with password "pencil"."""

    algorithm: str
    nonce: str
    challenge: str
    proof: str
    outcome: str


RFC_5802 = Exchange(
    "sha1",
    "fyko+d2lbbFgONRv9qkxdawL",
    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
RFC_7677 = Exchange(
    "sha256",
    "rOprNGfwEbeRWgbNEkqO",
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


@pytest.mark.parametrize("said", [RFC_5802, RFC_7677], ids=lambda said: said.algorithm)
def test_the_rfcs_own_exchange_comes_out(said: Exchange) -> None:
    client = Scram("user", "pencil", said.algorithm, nonce=said.nonce)
    assert unb64(client.first()) == f"n,,n=user,r={said.nonce}".encode()
    assert unb64(client.final(b64(said.challenge.encode()))) == said.proof.encode()
    client.verify(b64(said.outcome.encode()))


def test_a_server_that_does_not_know_the_password_is_refused() -> None:
    client = Scram("user", "pencil", "sha1", nonce=RFC_5802.nonce)
    client.final(b64(RFC_5802.challenge.encode()))
    with pytest.raises(PermissionError):
        client.verify(b64(b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="))


def test_the_answer_to_another_client_is_refused() -> None:
    with pytest.raises(PermissionError):
        Scram("user", "pencil", "sha1", nonce="mine").final(b64(RFC_5802.challenge.encode()))
