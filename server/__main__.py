"""入口 ``python -m server``. ``serve`` is started past typer, which it never needs and which would cost it 0.2 s."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command named on the command line."""
    if sys.argv[1:] == ["serve"]:
        from server.cli.serve import serve

        sys.exit(serve())
    from server.cli.commands import run

    run()


if __name__ == "__main__":
    main()
