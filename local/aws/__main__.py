"""Run a command beside DynamoDB Local: ``python -m local.aws python -m pytest tests/referee``.

The command finds the URL in ``SYNCLOG_TEST_DYNAMODB``; its exit status is this one's.
"""

import os
import subprocess
import sys

from local.aws.dynamodb_local import NotInstalledError, running

VARIABLE = "SYNCLOG_TEST_DYNAMODB"


def main(command: list[str]) -> int:
    """Run the command to its end."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with running() as endpoint:
            return subprocess.call(command, env={**os.environ, VARIABLE: endpoint})  # noqa: S603 - the caller's own
    except NotInstalledError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
