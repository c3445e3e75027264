"""The demo's data folder: emptied at the start, but only of what a demo made."""

import json
from pathlib import Path

import httpx

DESCRIPTION = "demo.json"
MARK = ".demo"  #: says that a demo made this folder, also before its description is written
DATA = ("log.db", "registry.db", "queue.db")
KEY = "vault.key"
_BESIDE = ("", "-wal", "-shm", "-journal")
HEALTH_TIMEOUT_S = 2


class FolderError(Exception):
    """The folder may not be emptied; the message says why and what to do."""


def prepare(folder: Path) -> None:
    """Make an empty folder for a demo.

    Raises:
        FolderError: it holds an installation that is not a demo's, or a demo runs in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{name}{end}" for name in DATA for end in _BESIDE] + [folder / KEY]
    is_ours = (folder / MARK).exists() or (folder / DESCRIPTION).exists()
    if not is_ours and any(path.exists() for path in made):
        raise FolderError(
            f"{folder} holds an installation that no demo made, so it stays as it is. "
            "Move it away, or name another folder with SYNCLOG_VAR_DIR."
        )
    running = _address_of(folder)
    if running is not None and _answers(running):
        raise FolderError(f"A demo runs in {folder} at {running}; end it first, with Ctrl-C.")
    (folder / MARK).touch()
    for path in (folder / DESCRIPTION, *made):
        path.unlink(missing_ok=True)


def describe(folder: Path, description: dict[str, object]) -> None:
    """Write what programs need to join the demo; readers never see half of it."""
    whole = folder / DESCRIPTION
    part = folder / f"{DESCRIPTION}.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    part.replace(whole)


def _address_of(folder: Path) -> str | None:
    try:
        found = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return str(found["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _answers(url: str) -> bool:
    try:
        with httpx.Client(trust_env=False, timeout=HEALTH_TIMEOUT_S) as http:
            return http.get(f"{url}/v1/health").status_code == httpx.codes.OK
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
