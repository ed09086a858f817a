"""Where a plugin crashed, in every tier, beside what the compiler's own tools say of the same file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.crash.signal_frame import can_read_frames
from plugdeck.hosting.crash_site import CrashSite
from plugdeck.hosting.hosted_plugin import HostedPlugin
from plugdeck.hosting.limits import Limits
from plugdeck.hosting.outcome import Activity, Ending, HostError, Outcome
from plugdeck.hosting.outcome_report import report_text
from plugdeck.hosting.sandbox.confinement import Tier
from plugdeck.hosting.supervisor import Supervisor
from plugdeck.image import Image, ImageLayout

pytestmark = pytest.mark.skipif(not can_read_frames(), reason="crash sites are read on x86-64 only")

HEAD = """
#include "plugdeck.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#define APART __attribute__((noinline, noclone))
PD_PLUGIN("crashing", "1.2.3", "", "MIT", "Crashes.")
PD_IMAGE_TRANSFORM(1, "whole")
PD_INTEGER(strength, "Strength", 0, 100, 40, "%")
static volatile int zero, kept;
static char *volatile nowhere;
#define TRANSFORM extern "C" int Transform(const pd_image *in, pd_image *out)
"""
# The line that is marked is where it crashes; a function by that name does it, in a file that is built with -g.
IN_CALL = {
    "write": "kept = 1; *nowhere = 1; /* HERE */ kept = 2;",
    "read": "kept = *(volatile int *)nowhere; /* HERE */ kept++;",
    "divide": "kept = 7 / zero; /* HERE */ kept++;",
    "trap": "__builtin_trap(); /* HERE */",
    "illegal": '__asm__ volatile(".byte 0x06"); /* HERE */',
    "misaligned": 'kept = 1; __asm__ volatile("movaps (%0), %%xmm0" :: "r"((uintptr_t)&kept | 1)); /* HERE */ kept++;',
    "impossible": "kept = *(volatile char *)0x8000000000000000; /* HERE */ kept++;",
    "give-up": "abort(); /* HERE */",
    "raise": "raise(SIGSEGV); /* HERE */ kept++;",
    "into-libc": "strlen(nowhere) ? kept++ : kept--; /* HERE */ kept++;",
}
FAULTS = {
    "write": (11, "wrote to address 0x0 (no memory there)"),
    "read": (11, "read from address 0x0 (no memory there)"),
    "divide": (8, "divided an integer by zero, or by -1 with a result that is too large"),
    "trap": (4, "ran into a trap (ud2), which compilers put where a program must not get"),
    "illegal": (4, "ran an instruction that this processor does not have (06 "),
    "misaligned": (11, "used an address that cannot exist, or is not aligned as the instruction needs it"),
    "impossible": (11, "used an address that cannot exist, or is not aligned as the instruction needs it"),
    "give-up": (6, "gave up"),
    "raise": (11, "the signal was sent to it"),
    "into-libc": (11, "read from address 0x0 (no memory there)"),
}
WHOLE_PAGES = ImageLayout.packed(64, 48)
FLAGS = ("-g", "-fno-builtin", "-lpthread")


@pytest.fixture(params=list(Tier), ids=lambda tier: tier.name.lower())
def tier(request, needs_tier) -> Tier:
    needs_tier(request.param)
    return request.param


@pytest.fixture
def crash(tier, patient, has_ended, children) -> Iterator[Callable[..., Outcome]]:
    """``crash(path)``: loads the plugin and lets it transform; how that ended. Nothing of its process is left."""
    supervisor = Supervisor(tier=tier, deadlines=patient)

    def run(path: Path, layout: ImageLayout = WHOLE_PAGES) -> Outcome:
        plugin = host(supervisor, path)
        with supervisor.frame(Image(layout, bytes(layout.size_bytes))) as frame, pytest.raises(HostError) as failure:
            plugin.start()
            plugin.transform(frame)
        outcome = failure.value.outcome
        assert plugin.outcome == outcome
        assert outcome.pid
        assert has_ended(outcome.pid)
        return outcome

    yield run
    supervisor.close()
    assert not children()


def host(supervisor: Supervisor, path: Path) -> HostedPlugin:
    manifest = examine(path).manifest
    assert manifest
    return supervisor.host(path, manifest)


@pytest.fixture
def crashing(build_plugin) -> Callable[..., Path]:
    """``crashing("abort();")``: a C++ plugin whose function ``deed``, which ``Transform`` calls, does that."""

    def build(deed: str, *, outside: str = "", name: str = "crashing.so", flags: tuple[str, ...] = ()) -> Path:
        source = f"""{HEAD}
{outside}
namespace made {{ template <class T> APART void deed(const pd_image *in, pd_image *out, T *) {{
  {deed}
}} }}
TRANSFORM {{
  made::deed<char>(in, out, nowhere);
  return kept = 0;
}}
"""
        return build_plugin(source, name=name, language="c++", flags=(*FLAGS, *flags))

    return build


DEED = "void made::deed<char>(pd_image const*, pd_image*, char*)"


def line_of(path: Path, site: str) -> str:
    """The source line of ``symbol+0x1f of file``, as ``nm`` and ``addr2line`` say."""
    symbol, offset = re.fullmatch(r"(.*)\+0x([0-9a-f]+) of [^/]*", site).groups()
    rows = subprocess.run(["nm", "-C", path], capture_output=True, text=True, check=True).stdout.splitlines()
    (begin,) = {int(row.split()[0], 16) for row in rows if row.split(maxsplit=2)[2:] == [symbol]}
    command = ["addr2line", "-e", path, hex(begin + int(offset, 16))]
    where = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    file, _, line = where.split(" ")[0].rpartition(":")
    return Path(file).read_text("utf-8").splitlines()[int(line) - 1]


@pytest.mark.parametrize("deed", IN_CALL)
def test_crash_is_told_by_fault_and_by_the_line_that_the_compilers_tools_name(crash, crashing, deed):
    path = crashing(IN_CALL[deed])
    outcome = crash(path)
    number, fault = FAULTS[deed]
    site = outcome.crash
    assert (outcome.ending, outcome.signal, outcome.during) == (Ending.CRASHED, number, "Transform")
    assert site
    assert site.fault.startswith(fault)
    own = site.caller or site.place
    assert own.startswith(f"{DEED}+0x")
    assert own.endswith(" of crashing.so")
    # What a call, or a signal that was sent, returns to may be the line behind it.
    if deed in {"give-up", "raise", "into-libc"}:
        assert own in site.frames
    else:
        assert "HERE" in line_of(path, own)
    assert any(frame.startswith("Transform+0x") for frame in site.frames)
    assert not any("perhaps" in frame or "python" in frame for frame in site.frames)
    assert own in outcome.sentence
    assert fault in outcome.sentence


def test_library_that_the_plugin_called_is_named_with_its_caller(crash, crashing):
    site = crash(crashing(IN_CALL["into-libc"])).crash
    assert site
    assert site.library.startswith("libc.so")
    assert site.caller.startswith(DEED)
    assert site.frames[0] == site.place


def test_crash_in_a_constructor_is_told_while_loading(crash, crashing):
    constructor = "APART __attribute__((constructor)) static void enter() { *nowhere = 1; kept = 1; }"
    outcome = crash(crashing("", outside=constructor))
    assert (outcome.ending, outcome.during, outcome.signal) == (Ending.CRASHED, "loading", 11)
    assert outcome.crash
    assert outcome.crash.symbol == "enter()"


def test_crash_of_another_thread_is_told_by_its_own_function(crash, crashing):
    thread = "APART static void *work(void *) { *nowhere = 1; kept = 1; return nullptr; }"
    deed = "pthread_t id; pthread_create(&id, nullptr, work, nullptr); pthread_join(id, nullptr);"
    outcome = crash(crashing(deed, outside=thread))
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, 11)
    assert outcome.crash
    assert outcome.crash.symbol == "work(void*)"


def test_stack_overflow_is_named_and_its_frames_are_folded(crash, crashing):
    deeper = "APART static int deeper(int n) { volatile char room[4000]; room[0] = n; return deeper(n + 1) + room[0]; }"
    outcome = crash(crashing("kept = deeper(1);", outside=deeper))
    site = outcome.crash
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, 11)
    assert site
    assert site.symbol == "deeper(int)"
    assert "its stack was full" in site.fault
    assert len(site.frames) < 5
    assert "times" in site.frames[-1]


def test_call_through_a_wrong_pointer_names_who_called(crash, crashing):
    site = crash(crashing("void (*volatile wrong)() = (void (*)())nowhere; wrong(); kept++;")).crash
    assert site
    assert site.fault == "jumped to address 0x0 (no memory there)"
    assert (site.symbol, site.library) == ("", "")
    assert site.caller.startswith(DEED)


def test_file_that_was_cut_off_under_its_mapping_is_named(crash, crashing):
    deed = """int file = memfd_create("table", 0); kept = ftruncate(file, 8192);
    char *map = (char *)mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    kept = ftruncate(file, 0); map[5000] = 1; kept++;"""
    outcome = crash(crashing(deed))
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, 7)
    assert outcome.crash
    assert "beyond the end of the file table, which was cut off" in outcome.crash.fault


def test_exception_that_nobody_catches_is_told_by_who_threw_it_and_in_its_words(crash, crashing):
    outcome = crash(crashing('throw std::runtime_error("the moon \\033[31m");', outside="#include <stdexcept>"))
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, 6)
    assert outcome.crash
    assert outcome.crash.symbol == DEED
    assert "std::runtime_error" in outcome.sentence
    assert "the moon ␛[31m" in outcome.sentence


def test_memory_that_is_refused_is_told_with_its_evidence(tier, patient, crashing):
    deed = "for (;;) { char *more = (char *)malloc(1 << 20); more[0] = 1; kept = more != out->data; }".replace(
        "out->data", "(char *)out->data"
    )
    limits = Limits(address_space_bytes=1 << 29)
    with Supervisor(tier=tier, deadlines=patient, limits=limits) as supervisor:
        outcome = end_of_transform(supervisor, host(supervisor, crashing(deed)))
    assert (outcome.ending, outcome.signal) == (Ending.OUT_OF_MEMORY, 11)
    assert "of the 0.50 GiB that it may have" in outcome.sentence


def test_refused_allocation_of_c_plus_plus_is_told_in_its_own_words(crash, crashing):
    outcome = crash(crashing("kept = std::vector<char>(1ull << 45).size();", outside="#include <vector>"))
    assert (outcome.ending, outcome.signal) == (Ending.OUT_OF_MEMORY, 6)
    assert "std::bad_alloc" in outcome.sentence


@pytest.mark.parametrize("beyond", [1, 64, 4096, 5000])
@pytest.mark.parametrize("layout", [WHOLE_PAGES, ImageLayout.packed(63, 47)], ids=["whole", "part"])
def test_output_that_is_overrun_is_told_by_how_far(crash, crashing, beyond, layout):
    rest = -layout.size_bytes % 4096
    deed = f"for (int i = 0; i < {beyond}; i++) out->data[(size_t)out->stride * out->height + i] = 1;"
    outcome = crash(crashing(deed), layout)
    assert outcome.ending is Ending.DAMAGED_OUTPUT
    least = min(beyond, rest + 1)  # the kernel stops it at the first byte of the next page
    assert f"past the end of its output picture, by at least {least:,} byte" in outcome.sentence
    assert (outcome.signal == 11) is (beyond > rest)


def test_input_that_is_written_and_read_beyond_is_told(crash, crashing):
    assert "wrote to its input picture, which may only be read" in crash(crashing("in->data[0] = 1;")).sentence
    past = crash(crashing("kept = in->data[(size_t)in->stride * in->height + 8];", name="past.so"))
    assert past.ending is Ending.CRASHED
    assert "read past the end of its input picture, by at least 9 bytes" in past.sentence


def end_of_transform(supervisor: Supervisor, plugin: HostedPlugin) -> Outcome:
    plugin.start()
    layout = ImageLayout.packed(16, 16)
    with supervisor.frame(Image(layout, bytes(layout.size_bytes))) as frame, pytest.raises(HostError) as failure:
        plugin.transform(frame)
    return failure.value.outcome


HANGS = {
    "spin": ("for (;;) kept++;", Activity.RUNNING, ""),
    "sleep": ("for (;;) sleep(1000);", Activity.WAITING, "for time to pass"),
    "deadlock": (
        "pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&lock); pthread_mutex_lock(&lock);",
        Activity.WAITING,
        "for a lock or another thread",
    ),
    "read": ("int p[2]; kept = pipe(p); char c; kept = (int)read(p[0], &c, 1);", Activity.WAITING, "for data"),
    "stop": ("raise(SIGSTOP);", Activity.STOPPED, ""),
}


@pytest.mark.parametrize("hang", HANGS)
def test_hang_is_told_by_what_it_does_and_where(tier, patient, crashing, hang, monkeypatch):
    deed, activity, waits = HANGS[hang]
    with Supervisor(tier=tier, deadlines=patient) as supervisor:
        plugin = host(supervisor, crashing(deed))
        plugin.start()
        monkeypatch.setattr(plugin, "_deadlines", replace(patient, call_s=1.0))
        outcome = end_of_transform(supervisor, plugin)
    assert (outcome.ending, outcome.activity, outcome.waits) == (Ending.TIMED_OUT, activity, waits)
    if activity is Activity.STOPPED:
        assert outcome.crash is None
    else:
        assert outcome.crash
        assert outcome.crash.symbol == DEED
        assert f"{DEED}+0x" in outcome.sentence


def test_handlers_of_the_plugins_own_keep_working(crash, crashing):
    handler = "static void own(int) { _exit(42); }"
    outcome = crash(crashing("signal(SIGSEGV, own); *nowhere = 1;", outside=handler))
    assert (outcome.ending, outcome.exit_code) == (Ending.EXITED, 42)


def test_crash_without_our_handlers_is_told_by_its_signal(crash, crashing):
    outcome = crash(crashing("signal(SIGSEGV, SIG_DFL); *nowhere = 1;"))
    assert (outcome.ending, outcome.signal, outcome.crash) == (Ending.CRASHED, 11, None)


def test_crash_with_every_descriptor_closed_is_still_a_crash(crash, crashing):
    outcome = crash(crashing("for (int i = 0; i < 300; i++) close(i); *nowhere = 1;"))
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, 11)
    assert outcome.crash
    assert outcome.crash.library == "crashing.so"


def test_announcement_of_a_crash_that_is_none_changes_nothing(tier, patient, crashing):
    with Supervisor(tier=tier, deadlines=patient) as supervisor:
        plugin = host(supervisor, crashing('for (int i = 0; i < 99; i++) kept = write(7, "Fatal Python error", 18);'))
        plugin.start()
        layout = ImageLayout.packed(16, 16)
        with supervisor.frame(Image(layout, bytes(layout.size_bytes))) as frame:
            for _ in range(3):
                plugin.transform(frame).release()
        assert plugin.is_loaded


def test_parameters_and_denials_are_told_and_the_report_has_everything(tier, patient, crashing):
    deed = 'kept = socket(2, 1, 0); fputs("last words\\n\\x1b[31mFile: no\\n", stderr); *nowhere = 1;'
    with Supervisor(tier=tier, deadlines=patient) as supervisor:
        plugin = host(supervisor, crashing(deed))
        plugin.start()
        plugin.write("strength", 70)
        confinement = plugin.confinement_words
        outcome = end_of_transform(supervisor, plugin)
        assert plugin.denied == outcome.denied
    is_filtered = tier is not Tier.LIMITED
    assert outcome.denied == (("open a network or other socket",) if is_filtered else ())
    assert outcome.parameters == (("strength", 70),)
    lines = report_text(plugin, outcome, sha256=plugin.sha256, build_id="c0ffee", confinement=confinement).splitlines()
    for line in ("Plugin: crashing 1.2.3", f"SHA-256: {plugin.sha256}", "Build id: c0ffee", "  strength = 70"):
        assert line in lines
    assert f"What happened: {outcome.sentence}" in lines
    assert "  ␛[31mFile: no" in lines
    assert any(line.startswith(f"  {DEED}+0x") for line in lines)
    assert ("  open a network or other socket" in lines) is is_filtered


def test_flood_of_output_ends_its_process(crash, crashing):
    deed = "static char text[1 << 20]; memset(text, 'x', sizeof text); for (;;) kept = write(1, text, sizeof text);"
    outcome = crash(crashing(deed))
    assert outcome.ending is Ending.FLOODED
    assert outcome.left_out_bytes > 64 << 20
    assert f"{outcome.left_out_bytes:,} bytes were thrown away" in outcome.sentence


def test_site_of_a_stripped_file_is_an_address_of_it(crash, crashing):
    path = crashing(IN_CALL["write"], flags=("-Wl,-s",), name="stripped.so")
    site = crash(path).crash
    assert isinstance(site, CrashSite)
    assert (site.symbol, site.library) == ("", "stripped.so")
    where = subprocess.run(["addr2line", "-e", crashing(IN_CALL["write"]), hex(site.offset)], capture_output=True)
    assert where.returncode == 0
    assert site.frames[-1].startswith("Transform+0x")


HOSTILE = {
    "wild-stack": '__asm__ volatile("movabs $0xdead0000beef, %rsp; movq $1, 0");',
    "kernel-stack": '__asm__ volatile("movq $-8, %rsp; movq $1, 0");',
    "wild-jump": '__asm__ volatile("movabs $0x123456789000, %rax; jmp *%rax");',
    "many-mappings": """for (int i = 0, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE; i < 60000; i++)
      mmap(nullptr, 4096, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, flags, -1, 0);
      *nowhere = 1;""",
    "no-crash-stack": """stack_t stack; sigaltstack(nullptr, &stack);
      munmap(stack.ss_sp, stack.ss_size); *nowhere = 1;""",
    "hidden": "prctl(PR_SET_DUMPABLE, 0); *nowhere = 1;",
}


@pytest.mark.parametrize("deed", HOSTILE)
def test_process_that_hides_how_it_crashed_has_crashed_all_the_same(crash, crashing, deed):
    outcome = crash(crashing(HOSTILE[deed], outside="#include <sys/prctl.h>"))
    assert (outcome.ending, outcome.signal) == (Ending.CRASHED, 11)


def test_crash_that_could_not_be_announced_is_one_at_the_deadline(tier, patient, crashing, monkeypatch):
    deed = "static char room[4096]; stack_t stack = {room, 0, sizeof room}; sigaltstack(&stack, nullptr); *nowhere = 1;"
    with Supervisor(tier=tier, deadlines=patient) as supervisor:
        plugin = host(supervisor, crashing(deed))
        plugin.start()
        monkeypatch.setattr(plugin, "_deadlines", replace(patient, call_s=1.0))
        assert end_of_transform(supervisor, plugin).ending is Ending.CRASHED


def test_crash_that_nobody_may_look_at_is_told_by_what_was_announced(crash, crashing, monkeypatch):
    def refuse(pid: int) -> None:
        raise PermissionError

    monkeypatch.setattr("plugdeck.hosting.crash.examination.view_of", refuse)
    outcome = crash(crashing(IN_CALL["divide"]))
    assert (outcome.ending, outcome.signal, outcome.crash) == (Ending.CRASHED, 8, None)
    assert "could not be seen" in outcome.sentence
