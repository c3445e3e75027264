"""The AWS CLI as the commands use it."""

import json
import shutil
import subprocess
from typing import Any

from infra.errors import NotPossibleError


class Aws:
    """Runs ``aws`` with the account and region that the shell has set up.

    Raises:
        NotPossibleError: the program is not there, or said no to a command.
    """

    def __init__(self) -> None:
        path = shutil.which("aws")
        if path is None:
            raise NotPossibleError(
                "The AWS CLI is not installed: see https://aws.amazon.com/cli/, then run `aws"
                " configure` and try again."
            )
        self._path = path

    def ask(self, *words: str) -> Any:
        """Return what a command answers, read as JSON; None for no answer."""
        done = self._run([*words, "--output", "json"], shown=False)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def do(self, *words: str, shown: bool = True) -> None:
        """Run a command that takes its time; what it prints goes to the terminal if ``shown``."""
        self._run(list(words), shown=shown)

    def _run(self, words: list[str], *, shown: bool) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(  # noqa: S603 - no shell: each word arrives as it is
            [self._path, *words], capture_output=not shown, text=True, check=False
        )
        if done.returncode:
            told = ", see above." if shown else f":\n{done.stderr.strip()}"
            raise NotPossibleError(f"`aws {words[0]} {words[1]}` failed{told}")
        return done
