"""Installing a plugin: the verdict first, then a copy under a name of its own that nothing else ever gets.

What is judged is what stays: the source is read once, into a private copy beside its goal, and the verdict that
counts is the one on that copy. Files that are damaged or no ELF files are always refused. A file that does not fit
this machine is refused too, unless the caller says otherwise (``even_if_incompatible``), since what is missing may
come later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from plugdeck import paths
from plugdeck.atomic_file import move_new, sync_folder
from plugdeck.binary import identity_of
from plugdeck.catalogue.examine import examine
from plugdeck.catalogue.incoming import Incoming, copied, folder_error, sha256_of
from plugdeck.catalogue.install_name import HASH_DIGITS, file_name
from plugdeck.catalogue.installed import Installed, holds, other_versions, same_content, version_of
from plugdeck.catalogue.report import Report, Status
from plugdeck.catalogue.side_files import copy_signature
from plugdeck.compat.finding import Severity
from plugdeck.errors import InstallError, PlugdeckError
from plugdeck.hosting.sandbox.linked_files import linked_files
from plugdeck.text import visible

USE_IN_PLACE = "Use it where it is: open its folder in the window, or name its path on the command line."


@dataclass(frozen=True, slots=True)
class Proposal:
    """What installing a file would do, for a person to decide on; nothing has been copied yet."""

    report: Report
    sha256: str
    """Of the bytes that the report is about; give it to ``install``. Empty when the file is refused."""
    target: Path | None
    """Where it would go, or where it is already; None when it is refused."""
    replaces: tuple[Path, ...]
    """Other versions of the same plugin, which stay beside it."""
    already: bool
    """Whether the same bytes are installed already, at ``target``."""
    refusal: str = ""
    """Why it cannot be installed at all; empty when it can."""


def propose(path: Path, folder: Path | None = None) -> Proposal:
    """Reads the file, never running it, and says what ``install`` would do. Does not raise for a bad file."""
    folder = folder or paths.plugin_folder()
    report = examine(path)
    if refusal := _refusal(report) or _left_behind(path):
        return Proposal(report, "", None, (), already=False, refusal=refusal)
    try:
        sha256 = _sha256_of_examined(report)
    except PlugdeckError as error:
        return Proposal(report, "", None, (), already=False, refusal=str(error))
    there = same_content(folder, sha256, path)
    target = there or folder / file_name(report.name, version_of(report), sha256)
    return Proposal(report, sha256, target, other_versions(report, target), already=there is not None)


def install(
    path: Path, folder: Path | None = None, *, expected_sha256: str = "", even_if_incompatible: bool = False
) -> Installed:
    """The plugin is in the folder, complete and on disk, under a name that was free; older versions stay.

    Args:
        expected_sha256: what was shown to the person who decided (``Proposal.sha256``); other bytes are refused.
        even_if_incompatible: install also what the dynamic loader or the contract would refuse here.

    Raises:
        InstallError: it is refused, or could not be read or written; nothing is left behind.
    """
    folder = folder or paths.plugin_folder()
    _check(examine(path, symbols=False), path, even_if_incompatible)  # spares copying what is refused anyway
    if refusal := _left_behind(path):
        raise InstallError(f"{path} was not installed: {refusal}", remedy=USE_IN_PLACE)
    with copied(path, folder) as copy:
        if expected_sha256 and copy.sha256 != expected_sha256:
            raise InstallError(
                f"{path} has changed since it was examined; nothing was installed.",
                remedy="Look at the new verdict, and install it again.",
            )
        report = examine(copy.path)
        _check(report, path, even_if_incompatible)
        there = same_content(folder, copy.sha256, path)
        target, already = (there, True) if there else _place(copy, report, folder)
    if target != path.absolute():
        copy_signature(path, target)
    return Installed(target, report.name, version_of(report), copy.sha256, already)


def _place(copy: Incoming, report: Report, folder: Path) -> tuple[Path, bool]:
    """Gives the copy its name: the short one, or a longer hash when other bytes have that.

    The second value is True when somebody else installed the same bytes in the meantime.
    """
    for digits in HASH_DIGITS:
        target = folder / file_name(report.name, version_of(report), copy.sha256, digits)
        try:
            move_new(copy.path, target)
        except FileExistsError:
            if holds(target, copy.sha256):
                return target, True
            continue
        except OSError as error:
            raise folder_error(error, folder) from error
        sync_folder(folder)
        return target, False
    raise InstallError(
        f"{target} is damaged: its content is not what its name says.", remedy="Uninstall it, then install it again."
    )


def _check(report: Report, path: Path, even_if_incompatible: bool) -> None:
    if refusal := _refusal(report):
        raise InstallError(f"{path} was not installed: {refusal}", remedy=_first_remedy(report))
    if (error := _first_error(report)) and not even_if_incompatible:
        raise InstallError(
            f"{path} was not installed, since it does not fit here: {error}", remedy=_first_remedy(report)
        )


def _refusal(report: Report) -> str:
    """Why the file is never installed, whatever the caller says; empty when it may be."""
    if report.status is Status.UNREADABLE:
        return _first_error(report) or "It cannot be read."
    if report.facts is None or report.facts.elf is None:
        what = f" ({report.facts.description})" if report.facts else ""
        return f"It is not an ELF shared object{what}."
    return ""


def _left_behind(path: Path) -> str:
    """Which libraries the plugin finds by where it lies, as a sentence: only the one file is copied."""
    linked = linked_files(path)
    if not linked.by_origin or not linked.libraries:
        return ""
    names = ", ".join(dict.fromkeys(Path(each).name for each in linked.libraries))
    return f"It finds its libraries by where it lies ({visible(names, 200)}); installing would leave them behind."


def _first_error(report: Report) -> str:
    return next((finding.message for finding in report.findings if finding.severity is Severity.ERROR), "")


def _first_remedy(report: Report) -> str:
    remedies = (finding.remedy for finding in report.findings if finding.severity is Severity.ERROR)
    return next(filter(None, remedies), "")


def _sha256_of_examined(report: Report) -> str:
    """The hash of the bytes that the report is about: the file was the same before and after."""
    sha256 = sha256_of(report.path)
    if report.facts is None or identity_of(report.path) != report.facts.identity:
        raise InstallError(f"{report.path} changed while it was examined.", remedy="Try again.")
    return sha256
