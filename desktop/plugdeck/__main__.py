"""The entry point: a command when the first word is one, otherwise the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from plugdeck import cli
from plugdeck.cli_errors import exit_code_of
from plugdeck.cli_parser import window_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs Plugdeck and returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    is_command = bool(words) and words[0] in cli.COMMANDS
    return exit_code_of(lambda: cli.main(words) if is_command else _window(words))


def _window(words: Sequence[str]) -> int:
    options = window_parser().parse_args(words)
    if options.install_desktop or options.uninstall_desktop:
        return cli.change_desktop(install=options.install_desktop)
    from plugdeck import app

    return app.run_window(
        options.files,
        samples=options.samples,
        screenshot=options.screenshot,
        size=options.size,
        theme=options.theme,
    )


if __name__ == "__main__":
    sys.exit(main())
