"""Deploys what ``make package`` made: ``python -m infra.deploy --stage dev --bucket NAME``."""

from collections.abc import Mapping
from pathlib import Path

import click

from infra.aws import Aws
from infra.errors import NotPossibleError
from infra.parts import APP
from infra.template import ROOT

ACCOUNT_STACK = f"{APP}-account"
ACCOUNT_TEMPLATE = Path(__file__).parent / "account" / "template.yaml"


def deploy(aws: Aws, stage: str, bucket: str, made: Path, parameters: Mapping[str, str]) -> None:
    """Upload the code and bring the stack of a stage to what the template says."""
    if not bucket:
        raise NotPossibleError(
            "Say which S3 bucket the code goes through, as in `make deploy STAGE=dev BUCKET=name`;"
            " `aws s3 mb s3://name` makes one."
        )
    template, uploaded = made / "template.json", made / "uploaded.json"
    if not template.exists():
        raise NotPossibleError(f"There is no package in {made}: run `make package` first.")
    _let_apis_write_logs(aws)
    place = ("--s3-bucket", bucket, "--s3-prefix", f"{APP}/{stage}")
    aws.do(
        *("cloudformation", "package", "--template-file", str(template), *place),
        *("--use-json", "--output-template-file", str(uploaded)),
        shown=False,  # it ends with advice to run by hand what comes next anyway
    )
    chosen = [f"{name}={value}" for name, value in parameters.items() if value]
    aws.do(
        *("cloudformation", "deploy", "--stack-name", f"{APP}-{stage}"),
        *("--template-file", str(uploaded), *place),
        *("--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"),
        *("--tags", f"app={APP}", f"stage={stage}"),
        *(("--parameter-overrides", *chosen) if chosen else ()),
    )


def read_outputs(aws: Aws, stage: str) -> dict[str, str]:
    """Return what the stack says of itself."""
    stacks = aws.ask("cloudformation", "describe-stacks", "--stack-name", f"{APP}-{stage}")
    return {one["OutputKey"]: one["OutputValue"] for one in stacks["Stacks"][0].get("Outputs", ())}


def _let_apis_write_logs(aws: Aws) -> None:
    """Give API Gateway its role for logs where this account and region have none yet."""
    if not (aws.ask("apigateway", "get-account") or {}).get("cloudwatchRoleArn"):
        aws.do(
            *("cloudformation", "deploy", "--stack-name", ACCOUNT_STACK),
            *("--template-file", str(ACCOUNT_TEMPLATE), "--capabilities", "CAPABILITY_IAM"),
            *("--no-fail-on-empty-changeset", "--tags", f"app={APP}"),
        )


@click.command()
@click.option("--stage", default="dev", show_default=True)
@click.option("--bucket", default="", help="S3 bucket that the code goes through")
@click.option("--email", default="", help="address for alarms; as it was if left out")
@click.option("--domain", default="", help="own domain; as it was if left out")
@click.option("--certificate", default="", help="ARN of the domain's certificate")
@click.option("--made", type=click.Path(path_type=Path), default=ROOT / "build" / "package")
def main(stage: str, bucket: str, email: str, domain: str, certificate: str, made: Path) -> None:
    """Deploy the package of a stage; asks nothing."""
    if bool(domain) != bool(certificate):
        raise click.ClickException("A domain needs its certificate: give DOMAIN and CERTIFICATE.")
    parameters = {"AlarmEmail": email, "DomainName": domain, "CertificateArn": certificate}
    try:
        aws = Aws()
        deploy(aws, stage, bucket, made, parameters)
        for name, value in sorted(read_outputs(aws, stage).items()):
            click.echo(f"{name:<20}{value}")
    except NotPossibleError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
