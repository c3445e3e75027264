"""Makes the first key of a stage on AWS: ``python -m infra.first_key --stage dev``.

A fresh installation on one machine prints its first key. On AWS nobody would see that, so whoever
deployed asks for it: whom AWS lets write the stage's registry table may have a key.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import wiring
from chalicelib.domain.setup import Role
from chalicelib.flows.keys import create_first_key, create_key
from chalicelib.flows.services import Services
from chalicelib.ops.aws import Clients
from chalicelib.ops.settings import Settings, SettingsError

#: Setting → output of the stack that holds its value.
OUTPUTS: Mapping[str, str] = {
    "SYNCLOG_PUBLIC_URL": "PublicURL",
    "SYNCLOG_TABLE_LOG": "LogTableName",
    "SYNCLOG_TABLE_REGISTRY": "RegistryTableName",
    "SYNCLOG_QUEUE_RECORDS": "RecordsQueueURL",
    "SYNCLOG_QUEUE_STOCK": "StockQueueURL",
    "SYNCLOG_KEY_ID": "SealingKeyArn",
}

NOT_FIRST = (
    "There are keys already, and none of them can be read again. Whoever has an admin's key can "
    "make more. If all are lost, ask again with ARGS=--another, and revoke the old ones."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the key alone, so that a script can take it; 0: made, 1: there are keys, 2: cannot."""
    asked = _read_arguments(arguments)
    try:
        services = _open(asked.stack or f"synclog-{asked.stage}", asked.stage)
        key = _create_another(services) if asked.another else create_first_key(services)
    except (BotoCoreError, ClientError, SettingsError) as error:
        sys.stderr.write(f"No key was made. {error}\n{_advice(error, asked.stage)}")
        return 2
    if key is None:
        sys.stderr.write(f"{NOT_FIRST}\n")
        return 1
    sys.stderr.write("The operator's key, shown this once:\n")
    sys.stdout.write(f"{key}\n")
    return 0


def _advice(error: Exception, stage: str) -> str:
    if isinstance(error, BotoCoreError):
        return "`aws configure` sets up account and region; `aws sts get-caller-identity` tries.\n"
    if "does not exist" in str(error):
        return f"`make deploy STAGE={stage}` makes the stack: is it this account and region?\n"
    return ""


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make first-key", description=__doc__)
    parser.add_argument("--stage", required=True, help="of .chalice/config.json, such as dev")
    parser.add_argument("--stack", help="name of the stack; synclog-STAGE unless said otherwise")
    parser.add_argument("--another", action="store_true", help="also where there are keys already")
    return parser.parse_args(arguments)


def _open(stack: str, stage: str) -> Services:
    clients = Clients()
    found = clients.get("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    settings = Settings.from_env(
        {
            "SYNCLOG_HOME": "aws",
            "SYNCLOG_STAGE": stage,
            **{setting: outputs.get(output, "") for setting, output in OUTPUTS.items()},
        }
    )
    return wiring.build_on_aws(settings, wiring.open_aws_stores(settings, clients=clients))


def _create_another(services: Services) -> str:
    name = "another first key"
    return create_key(services, consumer=None, role=Role.ADMIN, name=name, by="set-up")[1]


if __name__ == "__main__":
    sys.exit(main())
