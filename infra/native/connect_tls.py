"""The certificates by which Kafka Connect and its clients know each other.

The server's certificate is its own issuer, and the issuer of the client's: each side trusts that
one alone. Who has the client's key cannot pass for the server, whose name the client's lacks.
"""

import shutil
import subprocess
import time
from ipaddress import ip_address
from pathlib import Path

from connectors.debezium.rest import CLIENT, SERVER
from connectors.errors import StackError
from connectors.settings import Settings

SERVER_KEY = "server.key"
CLIENT_KEY = "client.key"
LIFETIME_DAYS = 3650
RENEWED_S = 30 * 86_400
"""How long before its end a certificate is replaced."""

TIMEOUT_S = 60
REQUEST = "request.conf"
_REQUEST = """[req]
distinguished_name=subject
prompt=no
[subject]
CN=promo-connect
[server]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,digitalSignature,keyCertSign
subjectKeyIdentifier=hash
subjectAltName={name}
[client]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


def ensure_certificates(settings: Settings) -> None:
    """Make keys and certificates where they are missing, end soon or are of another host.

    Idempotent; does nothing where Connect speaks no TLS.

    Raises:
        StackError: openssl cannot make them; the message has its words.
    """
    folder, host = settings.connect_tls_folder.absolute(), settings.connect_host
    if not settings.connect_tls or _are_good(folder, host):
        return
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    kind, _ = _kind(host)
    (new / REQUEST).write_text(_REQUEST.format(name=f"{kind}:{host}"))
    _sign(new, "server", new / SERVER_KEY, new / SERVER)
    issuer = ("-CA", str(new / SERVER), "-CAkey", str(new / SERVER_KEY))
    _sign(new, "client", new / CLIENT_KEY, new / CLIENT, *issuer)
    with (new / CLIENT).open("a") as file:  # one file with both is what clients take
        file.write((new / CLIENT_KEY).read_text())
    for done_with in (REQUEST, CLIENT_KEY):
        (new / done_with).unlink()
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def write_keystore(settings: Settings, password: Path, keystore: Path) -> None:
    """Write the server's key and certificate as Java reads them.

    Args:
        settings: where they are.
        password: a file with the keystore's.
        keystore: the file to write, for its owner alone.

    Raises:
        StackError: openssl cannot; the message has its words.
    """
    folder = settings.connect_tls_folder.absolute()
    of_server = ("-inkey", str(folder / SERVER_KEY), "-in", str(folder / SERVER))
    _run("pkcs12", "-export", *of_server, "-passout", f"file:{password}", "-out", str(keystore))


def certificate_files(settings: Settings) -> tuple[Path, ...]:
    """What a client of Connect has to know; nothing where Connect speaks no TLS."""
    if not settings.connect_tls:
        return ()
    folder = settings.connect_tls_folder.absolute()
    return (folder / SERVER, folder / CLIENT)


def _sign(folder: Path, extensions: str, key: Path, certificate: Path, *issuer: str) -> None:
    new_key = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        str(key),
    )
    request = ("-config", str(folder / REQUEST), "-extensions", extensions)
    days = ("-days", str(LIFETIME_DAYS))
    _run("req", "-x509", *request, *new_key, *days, *issuer, "-out", str(certificate))


def _are_good(folder: Path, host: str) -> bool:
    if not all((folder / name).exists() for name in (SERVER, SERVER_KEY, CLIENT)):
        return False
    at = ("-attime", str(int(time.time()) + RENEWED_S), "-CAfile", str(folder / SERVER))
    _, option = _kind(host)
    questions = (
        (*at, option, host, str(folder / SERVER)),
        (*at, "-purpose", "sslclient", str(folder / CLIENT)),
    )
    return not any(_openssl("verify", *question).returncode for question in questions)


def _kind(host: str) -> tuple[str, str]:
    """How a certificate names a host, and how openssl is told to look for it."""
    try:
        ip_address(host)
    except ValueError:
        return "DNS", "-verify_hostname"
    return "IP", "-verify_ip"


def _run(*arguments: str) -> None:
    done = _openssl(*arguments)
    if done.returncode:
        raise StackError(f"Connect has no certificates: openssl {arguments[0]}: {done.stderr}")


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, umask=0o077
    )
