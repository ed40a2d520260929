"""A certificate authority of the test's own."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from infra.local.ports import HOST


def make_authority(folder: Path) -> tuple[Path, Path]:
    """Write an authority's certificate, and this host's under it with its key; return where they are."""
    authority, host = folder / "authority.pem", folder / "host.pem"
    root_key, host_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _named("Authority", "Authority", root_key, x509.BasicConstraints(ca=True, path_length=0))
    named = _named(HOST, "Authority", host_key, x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]))
    authority.write_bytes(root.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    key = host_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    host.write_bytes(key + named.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return authority, host


def _named(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=False)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
