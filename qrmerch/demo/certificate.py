"""A certificate signed by itself, so that a phone can try what browsers allow over https only."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from qrmerch.clock import now
from qrmerch.serving import Certificate

_LASTS: Final = timedelta(days=90)


def make_certificate(
    folder: Path, *, names: Sequence[str], addresses: Sequence[IPv4Address | IPv6Address]
) -> Certificate:
    """Write a certificate and its key into `folder`, for these names and addresses and for this machine's own."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    key, at = ec.generate_private_key(ec.SECP256R1()), now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "qrmerch demo")])
    alternatives: list[x509.GeneralName] = [x509.DNSName(each) for each in {"localhost", *names}]
    alternatives += [x509.IPAddress(each) for each in {IPv4Address("127.0.0.1"), *addresses}]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + _LASTS)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    made.key.touch(mode=0o600)
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    made.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    return made
