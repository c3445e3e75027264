"""Takes a stage away: ``python -m infra.destroy --stage dev``."""

import click

from infra.aws import Aws
from infra.errors import NotPossibleError
from infra.parts import APP


def destroy(aws: Aws, stage: str) -> None:
    """Delete the stack of a stage, unless there is none or a table is protected."""
    _find_stack(aws, f"{APP}-{stage}")
    protected = _protected_tables(aws, stage)
    if protected:
        off = " && ".join(
            f"aws dynamodb update-table --table-name {one} --no-deletion-protection-enabled"
            for one in protected
        )
        raise NotPossibleError(
            f"Deletion protection is on for {', '.join(protected)}. Whoever really means it"
            f" switches it off first:\n{off}"
        )
    aws.do("cloudformation", "delete-stack", "--stack-name", f"{APP}-{stage}")
    aws.do("cloudformation", "wait", "stack-delete-complete", "--stack-name", f"{APP}-{stage}")


def _find_stack(aws: Aws, name: str) -> None:
    """Refuse a name without a stack: CloudFormation would say that it is gone."""
    try:
        aws.ask("cloudformation", "describe-stacks", "--stack-name", name)
    except NotPossibleError as error:
        if "does not exist" not in str(error):
            raise
        raise NotPossibleError(
            f"There is no stack {name} in this account and region: nothing was deleted. `aws"
            " configure list` says which region is set."
        ) from None


def _protected_tables(aws: Aws, stage: str) -> list[str]:
    """Return which tables may not be deleted; those that are gone already are no matter."""
    names = [f"{APP}-{stage}-log", f"{APP}-{stage}-registry"]
    there = set(aws.ask("dynamodb", "list-tables")["TableNames"])
    tables = {
        name: aws.ask("dynamodb", "describe-table", "--table-name", name)["Table"]
        for name in names
        if name in there
    }
    return [name for name, one in tables.items() if one.get("DeletionProtectionEnabled")]


@click.command()
@click.option("--stage", default="dev", show_default=True)
@click.option("--confirm", default="", help="the stage's name again, instead of typing it")
def main(stage: str, confirm: str) -> None:
    """Delete a stage: its API, functions, queues; its data too, where the stage says so."""
    typed = confirm or click.prompt(f"This deletes {APP}-{stage}. Type the stage's name to go on")
    if typed != stage:
        raise click.ClickException(f"{typed!r} is not {stage!r}: nothing was deleted.")
    try:
        destroy(Aws(), stage)
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{APP}-{stage} is gone. docs/deploying.md says what a stage may leave behind.")


if __name__ == "__main__":
    main()
