"""``python -m infra.docker``: write the containers' configuration into ``generated/``."""

from pathlib import Path

from connectors.command import run_command
from infra.docker.build import files

GENERATED = Path(__file__).parent / "generated"


def main() -> None:
    """Write every file that differs, and say which."""
    for name, text in files().items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"containers: wrote {path.relative_to(GENERATED.parents[2])}")


if __name__ == "__main__":
    run_command(main)
