"""Brings back what a table held at some time: ``python -m infra.restore --stage prod --table log``.

DynamoDB restores into a new table, and a table cannot be renamed. So what is missing is copied from
the restored table into the one in use, whose stream, indexes and name stay as they are.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import botocore.session
import click
from botocore.exceptions import BotoCoreError, ClientError

from infra.parts import APP

TABLES = ("log", "registry")
THREADS = 16
LOOK_EVERY_S = 20
LOOKS = 3 * 60 * 24  #: a day; a restore takes minutes to hours, by size
_REFUSED = "ConditionalCheckFailedException"

Item = dict[str, Any]


def restore(client: Any, name: str, copy: str, at: datetime | None) -> None:
    """Restore a table as it was (None: as lately as can be) into a new one, and wait for it."""
    when = {"RestoreDateTime": at} if at else {"UseLatestRestorableTime": True}
    client.restore_table_to_point_in_time(
        SourceTableName=name,
        TargetTableName=copy,
        BillingModeOverride="PAY_PER_REQUEST",
        GlobalSecondaryIndexOverride=[],  # only read from end to end
        **when,
    )
    waiter = client.get_waiter("table_exists")
    waiter.wait(TableName=copy, WaiterConfig={"Delay": LOOK_EVERY_S, "MaxAttempts": LOOKS})


def bring_back(
    client: Any, source: str, target: str, *, overwrite: bool, tell: Callable[[int], None]
) -> tuple[int, int]:
    """Copy items; returns how many were looked at and written.

    Args:
        overwrite: also those that the target has; else they are left as they are.
        tell: is told now and then how many were looked at.
    """

    def put(item: Item) -> bool:
        condition = {} if overwrite else {"ConditionExpression": "attribute_not_exists(pk)"}
        try:
            client.put_item(TableName=target, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != _REFUSED:
                raise
            return False
        return True

    seen = written = 0
    with ThreadPoolExecutor(THREADS) as threads:
        for page in _pages(client, source):
            written += sum(threads.map(put, page))
            seen += len(page)
            tell(seen)
    return seen, written


def _pages(client: Any, table: str) -> Iterator[list[Item]]:
    for page in client.get_paginator("scan").paginate(TableName=table):
        yield page["Items"]


@click.command()
@click.option("--stage", default="dev", show_default=True)
@click.option("--table", type=click.Choice(TABLES), required=True)
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ"]), help="UTC; else the latest")
@click.option("--from-table", default="", help="a table restored before: go on with copying")
@click.option("--overwrite", is_flag=True, help="also what the table has: it goes back in time")
def main(stage: str, table: str, at: datetime | None, from_table: str, overwrite: bool) -> None:
    """Restore a table of a stage to a time, and copy what is missing into the table in use."""
    name = f"{APP}-{stage}-{table}"
    copy = from_table or f"{name}-restored-{datetime.now(UTC):%Y%m%d%H%M%S}"
    try:
        client = botocore.session.Session().create_client("dynamodb")
        if not from_table:
            click.echo(f"Restoring {name} into {copy}: minutes to hours, by size.")
            restore(client, name, copy, at.replace(tzinfo=UTC) if at else None)
        seen, written = bring_back(
            client, copy, name, overwrite=overwrite, tell=lambda n: click.echo(f"  {n} items")
        )
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(
            f"{error}\nIf {copy} is there, go on with --from-table."
        ) from None
    click.echo(f"{written} of {seen} items came back. When all is well, delete the copy:")
    click.echo(f"aws dynamodb delete-table --table-name {copy}")


if __name__ == "__main__":
    main()
