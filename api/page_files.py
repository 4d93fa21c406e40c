"""The files of the dashboards' page, in memory, under addresses that change when they do."""

import gzip
import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib import metadata, resources
from pathlib import Path
from typing import Self

CHARTS = "plotly.min.js"
"""The charts' library as the PyPI package ``plotly`` ships it: nothing is loaded from elsewhere."""

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
          ".svg": "image/svg+xml"}  # fmt: skip
_LEVEL = 6


@dataclass(frozen=True)
class PageFile:
    """One file; compressed when it is first asked for."""

    content: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes:
        """With gzip. Takes 0.3 s for the charts' library."""
        return gzip.compress(self.content, _LEVEL, mtime=0)


@dataclass(frozen=True)
class PageFiles:
    """All of them.

    Attributes:
        version: another one for other files; part of their addresses.
        base: the path under which they are served, by version and name.
        files: by name.
        documents: HTML, by name, which is not served as a file.
    """

    version: str
    base: str
    files: Mapping[str, PageFile]
    documents: Mapping[str, str]

    @classmethod
    def read(cls, base: str) -> Self:
        """Read them from the packages."""
        found = {file.name: file.read_bytes() for file in _static().iterdir() if file.is_file()}
        digest = hashlib.sha256(metadata.version("plotly").encode())
        for name in sorted(found):
            digest.update(name.encode() + found[name])
        found[CHARTS] = _charts().read_bytes()
        files = {
            name: PageFile(content, _TYPES[Path(name).suffix])
            for name, content in found.items()
            if Path(name).suffix in _TYPES
        }
        documents = {n: c.decode() for n, c in found.items() if n.endswith(".html")}
        return cls(digest.hexdigest()[:16], base, files, documents)

    def document(self, name: str, **told: str) -> str:
        """A document with its ``{{placeholders}}`` filled in, as text."""
        filled = self.documents[name].replace("{{static}}", f"{self.base}/{self.version}")
        for placeholder, value in told.items():
            filled = filled.replace(f"{{{{{placeholder}}}}}", escape(value))
        return filled


def _static() -> Path:
    return Path(str(resources.files("grafana.viewer"))) / "static"


def _charts() -> Path:
    # Not imported: that would take the process a second, for a folder's name.
    package = importlib.util.find_spec("plotly")
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "package_data" / CHARTS
