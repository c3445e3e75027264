"""Every function acts under its own role: what works in these tests, its policy allows."""

import json

import pytest

from tests.deploy.stage import Stage

NOTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}],
}


def test_a_function_whose_role_may_not_read_tables_cannot(stage: Stage) -> None:
    iam, role = stage.client("iam"), stage.stack.ids["SweepOverdueRole"]
    iam.put_role_policy(RoleName=role, PolicyName="nothing", PolicyDocument=json.dumps(NOTHING))
    try:
        with pytest.raises(AssertionError, match="is not authorized to perform: dynamodb:Query"):
            stage.call("SweepOverdue")
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="nothing")

    stage.call("SweepOverdue")
