"""Play many random runs, or replay one: ``--seeds 100000``, ``--seed 7``."""

import argparse
import sys
import time

from tests.model.run import Run, ViolationError, story_of


def play(seed: int) -> str | None:
    """Play one seed; the story of its failure, or None."""
    run = Run(seed)
    try:
        run.play()
    except (Exception, ViolationError) as error:  # noqa: BLE001 - whatever breaks is looked for
        return story_of(seed, error, run)
    finally:
        run.close()
    return None


def main() -> int:
    """Play the seeds asked for; the exit code says whether all held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000, help="how many runs")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay one seed and tell its story")
    asked = parser.parse_args()
    if asked.seed is not None:
        run = Run(asked.seed)
        try:
            run.play()
        finally:
            print("\n".join(run.story))
        print("all invariants hold")
        return 0
    started_at = time.monotonic()
    for number, seed in enumerate(range(asked.first, asked.first + asked.seeds), start=1):
        story = play(seed)
        if story is not None:
            print(story)
            return 1
        if number % 500 == 0:
            each_ms = (time.monotonic() - started_at) / number * 1000
            print(f"{number} runs hold, {each_ms:.1f} ms each", flush=True)
    print(f"{asked.seeds} runs hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
