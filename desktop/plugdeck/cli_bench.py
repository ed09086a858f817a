"""``plugdeck bench``: what isolation costs, in figures."""

from __future__ import annotations

import argparse

from plugdeck import cli_text, paths
from plugdeck.chain.bench import measure
from plugdeck.chain.bench_users import measure_users
from plugdeck.cli_approval import approve
from plugdeck.cli_json import print_json
from plugdeck.cli_reports import loadable_report
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.confinement import Tier


def bench_files(options: argparse.Namespace) -> int:
    """Measures the plugins, or the samples where none is named, and prints tables. Raises PlugdeckError."""
    files = options.files or sorted(paths.sample_folder().glob("*.so"))
    if not files:
        raise PlugdeckError(
            "There is nothing to measure.", remedy="Name a plugin, or build the samples with: python plugins/build.py"
        )
    loadable = [loadable_report(path) for path in files]
    allowed = [
        (report.path, manifest, approve(report, options, Tier.LIMITED))  # it is measured in this process too
        for report, manifest in loadable
        if manifest.symbols
    ]
    rows, calls = [row for each in allowed for row in measure(*each)], measure_users(allowed)
    if not rows and not calls:
        raise PlugdeckError(
            "Nothing in these files can be measured.", remedy="Transforms can, and functions from text to text."
        )
    if options.json:
        print_json([row.as_json() for row in rows] + [row.as_json() for row in calls])
    else:
        tables = [
            table for table, has in ((cli_text.bench_table(rows), rows), (cli_text.calls_table(calls), calls)) if has
        ]
        print("\n\n".join(tables))
    return 0
