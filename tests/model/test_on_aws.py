"""The invariants again, over DynamoDB, SQS and KMS, while AWS fails at any request."""

import pytest

from tests.model.on_aws import AwsRun
from tests.model.run import ViolationError, story_of

CHUNKS = 8
SEEDS_OF_A_CHUNK = 3


def play(seed: int) -> tuple[str | None, int]:
    """Play one seed; the story of its failure, if it has one, and how often AWS failed."""
    run = AwsRun(seed)
    try:
        run.play()
    except (Exception, ViolationError) as error:  # noqa: BLE001 - whatever breaks is looked for
        return story_of(seed, error, run), run.failed
    finally:
        run.close()
    return None, run.failed


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_invariants_hold_while_aws_fails(chunk: int) -> None:
    failed = 0
    for seed in range(chunk * SEEDS_OF_A_CHUNK, (chunk + 1) * SEEDS_OF_A_CHUNK):
        story, count = play(seed)
        assert story is None, story
        failed += count
    assert failed > 0
