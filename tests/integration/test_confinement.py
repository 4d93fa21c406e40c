"""Each part is a user of its own, and sees its own files alone; nobody else sees any."""

import json
import os
import pwd
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from api.access.keys import KeyRing, decode, encode
from connectors.errors import StackError
from connectors.settings import Settings
from infra.native import confinement
from infra.native import stack as native
from infra.native.accounts import GROUP, ensure_accounts
from infra.native.confinement import Confinement, confined, python_paths
from infra.native.layout import REPOSITORY, Layout, layout_of
from infra.native.parts import Part, environment_of, parts_of
from infra.native.tools import find_tools
from tests.conftest import running_stack, stack_settings
from tests.reading import eventually

AS_ROOT = os.geteuid() == 0
NOBODY = "nobody"
LOOK = """
import json, os, sys
found = {}
for path in sys.argv[1:]:
    try:
        found[path] = os.listdir(path) if os.path.isdir(path) else len(open(path, "rb").read())
    except OSError as error:
        found[path] = type(error).__name__
print(json.dumps(found))
"""
"""What a process can make of paths: a folder's entries, a file's length, or why neither."""


def _parts(settings: Settings) -> dict[str, Part]:
    table = parts_of(settings, layout_of(settings), find_tools())
    return {part.name: part for part in table}


def _probe(settings: Settings, bounds: Confinement, *paths: Path) -> dict[str, object]:
    """What a process with these bounds finds at paths."""
    layout = layout_of(settings)
    readable = (*bounds.readable, *python_paths())
    with_python = replace(bounds, readable=readable, listen=None)
    account = ensure_accounts([bounds.user]).get(bounds.user)
    command = [sys.executable, "-c", LOOK, *map(str, paths)]
    done = subprocess.run(
        confined("probe", command, with_python, layout, account),
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def _as_nobody(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script as another user of this machine."""
    command = ["sh", "-c", script, "-", *arguments]
    return subprocess.run(
        command, user=NOBODY, group=NOBODY_GROUP, extra_groups=[], cwd="/",
        capture_output=True, text=True,
    )  # fmt: skip


NOBODY_GROUP = pwd.getpwnam(NOBODY).pw_gid


def _entries(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


PARTS = (
    "postgres", "redis", "kafka", "clickhouse", "connect", "scoring-0", "warehouse", "monitor",
    "api",
)  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_part_runs_as_a_user_of_its_own_without_any_capability(
    stack: Settings, name: str
) -> None:
    part = _parts(stack)[name]
    status = Path(f"/proc/{native.pid_of(stack, name)}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    user = part.bounds.user if AS_ROOT else pwd.getpwuid(os.geteuid()).pw_name
    assert {pwd.getpwuid(int(uid)).pw_name for uid in fields["Uid"].split()} == {user}
    for held in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(fields[held], 16) == 0, held
    assert fields["NoNewPrivs"] == "1"


@pytest.mark.parametrize("name", PARTS)
def test_a_part_knows_its_own_secrets_alone(stack: Settings, name: str) -> None:
    bounds = _parts(stack)[name].bounds
    secrets = layout_of(stack).secrets
    every = sorted(secrets.iterdir())
    found = _probe(stack, bounds, *every)
    known = {Path(path).name for path, what in found.items() if isinstance(what, int)}
    assert known == {f"promo_{secret}" for secret in bounds.secrets}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_sees_no_file_of_another(stack: Settings, name: str) -> None:
    parts, layout = _parts(stack), layout_of(stack)
    own = set(parts[name].bounds.writable)
    others = {folder for part in parts.values() for folder in part.bounds.writable} - own
    closed = [layout.logs, layout.state / "api-key", layout.run / "supervisord.conf"]
    outside = [
        REPOSITORY / ".git",
        Path("/etc/shadow"),
        Path.home(),
        Path("/var/lib"),
        Path("/run"),
    ]
    found = _probe(stack, parts[name].bounds, *others, *closed, *outside)
    # The way to the interpreter may lead through somebody's home: an empty folder on it is all.
    way = {str(path) for path in outside} & {str(up) for p in python_paths() for up in p.parents}
    assert {path: what for path, what in found.items() if path not in way} == dict.fromkeys(
        set(found) - way, "FileNotFoundError"
    )
    assert not any("ssh" in str(found[path]) for path in way)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_can_change_neither_code_nor_system(stack: Settings, name: str) -> None:
    layout, bounds = layout_of(stack), replace(_parts(stack)[name].bounds, listen=None)
    account = ensure_accounts([bounds.user]).get(bounds.user)
    touched = " ".join(f"{path}/planted" for path in (*bounds.readable, "/usr", "/etc", "/"))
    command = [
        "sh",
        "-c",
        f"for path in {touched}; do touch $path 2>/dev/null && echo $path; done; :",
    ]
    done = subprocess.run(
        confined("probe", command, bounds, layout, account), capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def test_the_warehouses_engine_has_no_network_to_reach(stack: Settings) -> None:
    pid = native.pid_of(stack, "clickhouse")
    assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")
    interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]
    reach = f"exec 3<>/dev/tcp/127.0.0.1/{stack.redis_port}"
    within = ["nsenter", f"--target={pid}", "--net", "bash", "-c", reach]
    assert subprocess.run(["bash", "-c", reach], capture_output=True).returncode == 0
    assert subprocess.run(within, capture_output=True).returncode != 0


@pytest.mark.skipif(not AS_ROOT, reason="needs root, to look as somebody else")
def test_another_user_of_the_machine_can_look_at_nothing(stack: Settings) -> None:
    layout = layout_of(stack)
    for folder in (layout.state, layout.sockets):
        opened = _as_nobody('find "$1" -readable -o -writable', str(folder))
        assert opened.stdout == ""
    pids = [str(native.pid_of(stack, name)) for name in PARTS]
    script = (
        "for pid; do cat /proc/$pid/environ; ls /proc/$pid/root /proc/$pid/fd; done 2>/dev/null"
    )
    assert _as_nobody(script, *pids).stdout == ""


def test_all_that_a_loaded_stack_wrote_is_private(stack: Settings, tmp_path: Path) -> None:
    rows = "".join(f"u{n},2026-11-0{n} 10:00,a{n}@example.com\n" for n in range(1, 9))
    (tmp_path / "users.csv").write_text(f"user_id,created_at,email\n{rows}not a row\n")
    (tmp_path / "promo_codes.csv").write_text("promo_code,discount_type\nSPRING,fixed\n")
    (tmp_path / "promo_usages.csv").write_text(
        "user_id,promo_code,used_at\nu1,SPRING,2026-11-09 10:00\n"
    )
    subprocess.run(
        [sys.executable, "-m", "connectors.load", str(tmp_path)],
        env=os.environ | environment_of(stack, layout_of(stack)),
        cwd=REPOSITORY,
        check=True,
    )
    _assert_private(stack)


def _assert_private(stack: Settings) -> None:
    state = layout_of(stack).state
    open_to_all = [
        path
        for path in _entries(state)
        if not path.is_symlink()
        and not stat.S_ISSOCK(path.lstat().st_mode)
        and path.lstat().st_mode & stat.S_IRWXO
    ]
    shared = [
        path
        for path in _entries(state)
        if path.lstat().st_mode & stat.S_IRWXG
        and not path.is_symlink()
        and not stat.S_ISSOCK(path.lstat().st_mode)
        and layout_of(stack).models not in (path, *path.parents)
    ]
    assert (open_to_all, shared) == ([], [])
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    if AS_ROOT:
        assert layout_of(stack).models.group() == GROUP


def test_a_killed_part_comes_back_within_its_bounds(own_stack: Callable[..., Settings]) -> None:
    settings = own_stack("redis")
    native.kill_part(settings, "redis")
    eventually(lambda: native.ready(settings, "redis"), "Redis answers again")
    user = psutil.Process(native.pid_of(settings, "redis")).username()
    assert user == (
        _parts(settings)["redis"].bounds.user if AS_ROOT else psutil.Process().username()
    )


@pytest.mark.skipif(not AS_ROOT, reason="needs root, whose files an older version's were")
def test_an_older_versions_folder_is_put_right_at_the_next_start(
    own_stack: Callable[..., Settings],
) -> None:
    settings = own_stack("redis", "postgres", "kafka", "clickhouse", "topics", "migrations")
    layout = layout_of(settings)
    native.down(settings)
    for part in ("kafka", "redis"):
        for path in _entries(layout.data / part):
            os.chown(path, 0, 0)
            path.chmod(0o755 if path.is_dir() else 0o644)
    for path in (layout.state, layout.data, layout.logs, layout.run, layout.models):
        path.chmod(0o755)
    (layout.models / "history.jsonl").write_text("")
    shutil.rmtree(layout.access, ignore_errors=True)
    (layout.state / "api-keys.json").write_bytes(encode(KeyRing()))
    (layout.logs / "kafka.log").chmod(0o644)

    native.up(settings, parts=("redis", "postgres", "kafka", "clickhouse", "api"))

    assert native.ready(settings, "kafka")
    assert native.ready(settings, "redis")
    assert decode((layout.access / "api-keys.json").read_bytes()) == KeyRing()
    assert (layout.access / "api-keys.json").owner() == "promo-api"
    assert (layout.data / "kafka" / "meta.properties").owner() == "promo-kafka"
    _assert_private(settings)


@pytest.fixture
def passable_folder() -> Iterator[Path]:
    """A folder that others may pass through, as pytest's are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


def test_where_the_kernel_makes_no_namespaces_users_still_keep_parts_apart(
    passable_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for module in (confinement, native):
        monkeypatch.setattr(module, "has_namespaces", lambda: False)
    settings = stack_settings(passable_folder / "state")
    with running_stack(settings, "redis", "postgres", "kafka", "clickhouse", "topics"):
        _assert_apart(settings)
    assert "no namespaces" in capsys.readouterr().out


@pytest.mark.skipif(not AS_ROOT, reason="needs root, to become somebody else")
def test_a_closed_folder_on_the_way_is_named_where_there_are_no_namespaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "has_namespaces", lambda: False)
    tmp_path.chmod(0o700)
    with pytest.raises(StackError, match=f"cannot pass through .*{tmp_path}"):
        native.up(stack_settings(tmp_path / "state"), parts=("redis",))


def _assert_apart(settings: Settings) -> None:
    for name in ("redis", "postgres", "kafka", "clickhouse"):
        user = psutil.Process(native.pid_of(settings, name)).username()
        assert user == (
            _parts(settings)[name].bounds.user if AS_ROOT else psutil.Process().username()
        )
    if AS_ROOT:
        seen = _as_nobody('find "$1" -readable', str(layout_of(settings).state)).stdout
        assert seen == ""


@pytest.mark.skipif(not AS_ROOT, reason="needs root, to become somebody else")
def test_without_root_the_bounds_are_made_in_a_user_namespace(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path / "state")
    layout = layout_of(settings)
    layout.make()
    (layout.secrets / "promo_api_key").write_text("not for the gateway")
    own = layout.state / "own"
    for folder in (own, layout.run, layout.root):
        folder.mkdir(exist_ok=True)
        shutil.chown(folder, NOBODY)
    bounds = Confinement(NOBODY, (own,), python_paths(), listen=("127.0.0.1", 0))
    script = f"""
import os, socket
secret = os.path.exists({str(layout.secrets)!r})
listener = socket.socket(fileno=int(os.environ["LISTEN_FDS"]) + 2)
print(secret, os.getuid(), os.listdir({str(layout.state)!r}), listener.getsockname()[0])
open({str(own / "written")!r}, "w").write("x")
try:
    open({str(REPOSITORY / "ml" / "planted")!r}, "w")
except OSError as error:
    print(error.errno == 30)
"""
    inner = confined("inner", [sys.executable, "-c", script], bounds, layout, None)
    shutil.chown(layout.run / "inner.bounds.json", NOBODY)
    account = ensure_accounts([NOBODY])[NOBODY]
    outer = Confinement(NOBODY, (own, layout.run), python_paths())
    done = subprocess.run(
        confined("outer", inner, outer, layout, account), capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"False {account.uid} ['own'] 127.0.0.1", "True"]
    assert (own / "written").owner() == NOBODY


def test_stacks_that_start_at_once_have_the_same_new_user() -> None:
    name = f"promo-{secrets.token_hex(4)}"
    start = f"""
import sys
from infra.native.accounts import ensure_accounts
print("ready", flush=True)
sys.stdin.read()
print(ensure_accounts([{name!r}]).get({name!r}))
"""
    command, pipe = [sys.executable, "-c", start], subprocess.PIPE
    with ExitStack() as running:
        running.callback(subprocess.run, ["userdel", name], capture_output=True)
        stacks = [
            running.enter_context(
                subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True)
            )
            for _ in range(8)
        ]
        assert [stack.stdout.readline() for stack in stacks if stack.stdout] == ["ready\n"] * 8
        for stack in stacks:
            assert stack.stdin
            stack.stdin.close()
        (answer,) = {stack.stdout.read() for stack in stacks if stack.stdout}
        assert (name in answer) == AS_ROOT  # nobody else makes users
        assert [stack.wait() for stack in stacks] == [0] * 8


def test_folders_may_lie_elsewhere_behind_links(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path / "state")
    data, disk = layout_of(settings).data, tmp_path / "disk"
    data.mkdir(parents=True)
    disk.mkdir()
    (data / "redis").symlink_to(disk)
    with running_stack(settings, "redis") as running:
        assert native.ready(running, "redis")
        assert (disk / "appendonlydir").is_dir()


def test_a_socket_is_open_before_the_network_is_given_up(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path / "state")
    layout = layout_of(settings)
    layout.make()
    port = settings.clickhouse_port
    bounds = Confinement(NOBODY, (), python_paths(), listen=("127.0.0.1", port))
    answer = "import socket; s = socket.socket(fileno=3); c, _ = s.accept(); c.sendall(b'within')"
    account = ensure_accounts([NOBODY]).get(NOBODY)
    with subprocess.Popen(
        confined("probe", [sys.executable, "-c", answer], bounds, layout, account)
    ) as process:
        answers: list[bytes] = []

        def connected() -> bool:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                    answers.append(client.recv(16))
            except ConnectionRefusedError:
                return False
            return True

        eventually(connected, "the part answers")
        process.wait(10)
    assert answers == [b"within"]


def test_the_bounds_of_every_part_name_what_exists(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path / "state")
    layout: Layout = layout_of(settings)
    layout.make()
    for part in parts_of(settings, layout, find_tools()):
        own = {*part.bounds.writable, *part.bounds.copied, layout.models}
        missing = [path for path in part.bounds.readable if not path.exists() and path not in own]
        assert missing == [], part.name
