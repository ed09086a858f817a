"""The misbehaving plugins do what their names say: otherwise tests that use them prove nothing."""

import ctypes
import os
import signal
import subprocess
import sys

import pytest

from plugdeck import examine

OPEN = "import ctypes, os, sys; library = ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW)\n"
CALL = OPEN + "sys.exit(library.Do(ctypes.c_int.in_dll(library, 'behaviour').value))"


def run(code, path, timeout=60, **options):
    """A child process that opens the plugin: whatever it does, this process lives on."""
    command = [sys.executable, "-I", "-S", "-c", code, os.fspath(path)]
    return subprocess.run(command, capture_output=True, timeout=timeout, check=False, **options)


@pytest.mark.parametrize(
    ("behaviour", "number"),
    [
        ("segfault", signal.SIGSEGV),
        ("abort", signal.SIGABRT),
        ("overflow-stack", signal.SIGSEGV),
        ("divide-by-zero", signal.SIGFPE),
        ("illegal-instruction", signal.SIGILL),
    ],
)
def test_crashing_behaviour_ends_its_process_by_its_signal(native, behaviour, number):
    assert run(CALL, native(f"{behaviour}-in-call")).returncode == -number


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [("exit", 0), ("quick-exit", 3), ("exit-at-once", 4), ("fail", 42), ("fail-silently", 42), ("copy", 0)],
)
def test_other_behaviours_end_with_their_own_code(native, behaviour, code):
    assert run(CALL, native(f"{behaviour}-in-call")).returncode == code


@pytest.mark.parametrize("behaviour", ["spin", "sleep", "catch-segfault"])
def test_hanging_behaviour_never_returns(native, behaviour):
    with pytest.raises(subprocess.TimeoutExpired):
        run(CALL, native(f"{behaviour}-in-call"), timeout=0.5)


def test_constructor_misbehaves_as_soon_as_the_file_is_opened(native):
    assert run(OPEN, native("segfault-in-constructor")).returncode == -signal.SIGSEGV
    assert run(OPEN, native("quick-exit-in-constructor")).returncode == 3
    with pytest.raises(subprocess.TimeoutExpired):
        run(OPEN, native("sleep-in-constructor"), timeout=0.5)


def test_destructor_misbehaves_at_the_end_only(native):
    done = run(OPEN + "print('still here', flush=True)", native("segfault-in-destructor"))
    assert done.stdout == b"still here\n"
    assert done.returncode == -signal.SIGSEGV


def test_failing_init_returns_its_error(native):
    assert run(OPEN + "sys.exit(library.Init(None))", native("fail-in-init")).returncode == 42


def test_output_flood_is_a_megabyte_that_is_no_utf8(native):
    done = run(CALL, native("flood-output-in-call"))
    assert len(done.stdout) + len(done.stderr) == 1024 * 1024
    assert done.stdout.startswith(b"\xff")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing-library", "libplugdeck-gone.so.1: cannot open shared object file"),
        ("newer-glibc", "version `GLIBC_2.99' not found"),
        ("undefined-symbol", "undefined symbol: plugdeck_nowhere"),
        ("wrong-machine", "cannot open shared object file"),
        ("cut-short", ""),
        ("executable", "cannot dynamically load position-independent executable"),
    ],
)
def test_loader_refuses_what_does_not_fit_with_the_expected_words(native, name, said):
    done = run(OPEN, native(name))
    assert done.returncode in (1, -signal.SIGBUS)
    assert said in done.stderr.decode()


@pytest.mark.parametrize(
    "name",
    ["no-notes", "abi-too-new", "missing-transform", "wrong-type", "wrong-kind", "unreadable-type", "damaged-note"],
)
def test_broken_promises_are_the_hosts_to_find_since_the_loader_accepts_them(native, name):
    assert run(OPEN, native(name)).returncode == 0


def test_every_behaviour_has_a_number_of_its_own(native, number_of):
    library = ctypes.CDLL(os.fspath(native("flush-to-zero-in-call")))
    assert ctypes.c_int.in_dll(library, "behaviour").value == number_of("flush-to-zero")


def test_unknown_name_is_an_error(native):
    with pytest.raises(KeyError):
        native("dance-in-call")


@pytest.mark.parametrize(
    ("name", "status", "finding"),
    [
        ("misbehave", "compatible", None),
        ("segfault-in-constructor", "compatible", None),
        ("no-notes", "not-a-plugin", "plugin.no-contract"),
        ("abi-too-new", "incompatible", "sdk.abi-out-of-range"),
        ("missing-transform", "incompatible", "sdk.symbol-missing"),
        ("missing-priority", "incompatible", "sdk.symbol-missing"),
        ("wrong-type", "incompatible", "sdk.type-mismatch"),
        ("wrong-kind", "incompatible", "sdk.symbol-kind"),
        ("unreadable-type", "incompatible", "sdk.type-mismatch"),
        ("missing-library", "incompatible", "loader.library-not-found"),
        ("newer-glibc", "incompatible", "loader.version-missing"),
        ("wrong-machine", "incompatible", "machine.wrong"),
        ("cut-short", "unreadable", "file.unreadable"),
        ("damaged-note", "unreadable", "file.unreadable"),
        ("executable", "not-a-plugin", "elf.is-executable"),
    ],
)
def test_verdict_names_what_is_wrong_without_running_it(native, name, status, finding):
    report = examine(native(name))
    assert report.status == status
    assert [found.id for found in report.findings] == ([finding] if finding else [])
