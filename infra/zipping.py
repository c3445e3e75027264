"""A folder as a zip that is the same whenever what it holds is the same; and how large it is."""

import hashlib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

#: Fixed, or the hash would change by the clock and by who built it. Zips know no year before 1980.
_WHEN = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16
_UNIX = 3
LARGEST_SHOWN = 10


def write_zip(folder: Path, path: Path) -> None:
    """Write all files of a folder, in the order of their names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for source in sorted(_files(folder), key=lambda one: one.relative_to(folder).as_posix()):
            entry = zipfile.ZipInfo(source.relative_to(folder).as_posix(), _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = _READABLE
            entry.create_system = _UNIX
            archive.writestr(entry, source.read_bytes())


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(path: Path) -> Iterator[str]:
    """Yield lines about a zip: sizes, the largest parts, the hash."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    sizes: Counter[str] = Counter()
    for entry in entries:
        sizes[entry.filename.split("/")[0]] += entry.file_size
    compiled = sum(entry.filename.endswith(".pyc") for entry in entries)
    yield f"zip       {_megabytes(path.stat().st_size)}"
    yield f"unzipped  {_megabytes(sizes.total())} in {len(entries)} files, {compiled} compiled"
    for name, size in sizes.most_common(LARGEST_SHOWN):
        yield f"  {name:<28}{_megabytes(size)}"
    yield f"sha256    {sha256(path)}"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:8.2f} MB"
