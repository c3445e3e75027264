"""Entry point: ``python -m cli`` and the script ``synclog``."""

from cli.app import synclog


def main() -> None:
    """Run the command line; never returns."""
    synclog(prog_name="synclog")


if __name__ == "__main__":
    main()
