"""The entry point: a command when the first word is one, otherwise the window."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from plugdeck.cli_errors import exit_code_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs Plugdeck and returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # The window does not wait for the commands' imports: none of them has a sign in its name, as options and files do.
    may_be_command = bool(words) and words[0].isalpha()
    return exit_code_of(lambda: _command_or_window(words) if may_be_command else _window(words))


def _command_or_window(words: Sequence[str]) -> int:
    from plugdeck import cli

    return cli.main(words) if words[0] in cli.COMMANDS else _window(words)


def _window(words: Sequence[str]) -> int:
    from plugdeck.cli_parser import window_parser

    options = window_parser().parse_args(words)
    if options.install_desktop or options.uninstall_desktop:
        from plugdeck import cli

        return cli.change_desktop(install=options.install_desktop)
    from plugdeck import app

    return app.run_window(
        options.files,
        samples=options.samples,
        screenshot=options.screenshot,
        size=options.size,
        theme=options.theme,
        safe_mode=options.safe_mode,
    )


if __name__ == "__main__":
    sys.exit(main())
