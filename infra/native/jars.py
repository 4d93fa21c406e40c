"""Kafka's, Connect's and Debezium's jars, fetched by Maven into the cache once."""

import hashlib
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import StackError

POM = Path(__file__).parent / "maven" / "pom.xml"
FOLDERS = {"kafka": "kafka", "debezium": "plugins/debezium"}
MAVEN_TIMEOUT_S = 900
SHOWN_LINES = 15


@dataclass(frozen=True, slots=True)
class Jars:
    """The folder of jars that belong to one version of pom.xml."""

    folder: Path

    @property
    def plugins(self) -> Path:
        """Connect's plugin path; Debezium is a folder in it."""
        return self.folder / "plugins"

    def class_path(self) -> str:
        """Kafka's and Connect's jars in a fixed order, as class data sharing demands."""
        return ":".join(str(jar) for jar in sorted((self.folder / "kafka").glob("*.jar")))


def jars_in(cache: Path) -> Jars:
    """Where the jars of the present pom.xml lie or would lie."""
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    return Jars(cache / f"jars-{digest}")


def ensure_jars(cache: Path, maven: str) -> Jars:
    """Fetch the jars if they are not there yet; an interrupted fetch leaves nothing behind.

    Raises:
        StackError: Maven fails; the message has its last lines.
    """
    jars = jars_in(cache)
    if jars.folder.exists():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix="jars-", dir=cache))
    staging.chmod(0o755)
    try:
        for profile, folder in FOLDERS.items():
            _fetch(maven, profile, staging / folder)
        _publish(staging, jars.folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return jars


def _fetch(maven: str, profile: str, folder: Path) -> None:
    started = time.monotonic()
    print(f"  fetching the jars of {profile} with Maven …", flush=True)
    command = [maven, "-q", "-B", "-f", str(POM), f"-P{profile}"]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=MAVEN_TIMEOUT_S)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-SHOWN_LINES:])
        raise StackError(f"Maven could not fetch the jars of {profile}; is the network up?\n{last}")
    files = list(folder.glob("*.jar"))
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    print(f"  {len(files)} jars, {megabytes:.0f} MB ({time.monotonic() - started:.1f} s)")


def _publish(staging: Path, folder: Path) -> None:
    try:
        staging.rename(folder)
    except OSError:
        if not folder.exists():  # else another stack has just fetched the same jars
            raise
