"""What the misbehaving plugins do, and what is to come of it: one row for each behaviour, the same words each time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What a behaviour is told: something that the test made for it."""

    NOTHING = ""
    PROCESS = "the number of another process"
    FILE = "a file of the user's"
    KEY = "a private key in the user's home folder"
    NEW_FILE = "a name in the user's folder that is free"
    FOLDER = "the user's folder"
    OWN_FILE = "the plugin's own file"
    TCP = "a port that somebody listens on"
    UDP = "a port that takes datagrams"
    SOCKET = "a socket with a path: D-Bus, Wayland and X"
    ABSTRACT = "a socket with an abstract name: X"
    MEMORY = "the number of another program's shared memory"
    TERMINAL = "the user's terminal"
    TEMPORARY = "the folder for temporary files"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One thing that a plugin does in a call, and what is told of it."""

    name: str
    """As in ``misbehave.h``; ``throw…`` is the plugin in C++."""
    deed: str
    """What it does, in words."""
    comes: str
    """What comes of it: see ``runs.Told``."""
    confined: str = ""
    """What comes of it in tiers A and B; empty for the same. Then ``comes`` is the control: it is possible."""
    sealed: str = ""
    """What comes of it in tier A; empty for the same as in B."""
    target: Target = Target.NOTHING
    tiers: str = "ABC"
    """Where it may be tried: in C some of it would hurt whoever runs the tests."""
    ends: bool = True
    """Whether its process ends: then the ones in it are told of it."""
    hangs: bool = False
    in_app: bool = False
    """Whether it may be tried in the application's own process, and harms nobody there."""

    def expected(self, tier: str) -> str:
        """What comes of it in a tier."""
        words = {"A": self.sealed or self.confined, "B": self.confined}
        return words.get(tier) or self.comes


def ends(name: str, deed: str, comes: str, **more: object) -> Behaviour:
    return Behaviour(name, deed, comes, **more)


def hangs(name: str, deed: str, activity: str) -> Behaviour:
    return Behaviour(name, deed, f"timed out {activity}", hangs=True)


def lives(name: str, deed: str, comes: str = "lives", **more: object) -> Behaviour:
    return Behaviour(name, deed, comes, ends=False, **more)


def denied(name: str, deed: str, target: Target = Target.NOTHING, *, by: str = "EPERM", **more: object) -> Behaviour:
    """Done in the control, refused when confined; ``by`` has the error of B, and of A when that is another."""
    filtered, _, sealed = by.partition(" ")
    refused = {"confined": f"lives: {filtered}", "sealed": f"lives: {sealed}" if sealed else ""}
    return Behaviour(name, deed, "lives: done", target=target, ends=False, **refused, **more)


# A file that cannot be reached is not there where it cannot be seen, and is not allowed where it can.
HIDDEN = "EACCES ENOENT"

BEHAVIOURS = (
    ends("segfault", "writes to memory that is not there", "crashed SIGSEGV"),
    ends("bus-error", "reads beyond the end of a mapped file", "crashed SIGBUS"),
    ends("abort", "aborts", "crashed SIGABRT"),
    ends("divide-by-zero", "divides by zero", "crashed SIGFPE"),
    ends("illegal-instruction", "runs an instruction that is none", "crashed SIGILL"),
    ends("overflow-stack", "calls itself without end", "crashed SIGSEGV"),
    ends("crash-in-thread", "crashes in a thread while the call waits for it", "crashed SIGSEGV"),
    ends("overflow-heap", "writes past a block of the heap, and frees it", "crashed SIGABRT"),
    ends("free-twice", "frees a block twice", "crashed SIGABRT"),
    ends("jump-far", "jumps to a frame that is gone", "crashed SIGABRT"),
    ends("call-nothing", "calls address 0", "crashed SIGSEGV"),
    ends("kill-itself", "kills itself", "crashed SIGKILL"),
    ends("alarm", "lets an alarm end it", "crashed SIGALRM"),
    ends("throw", "throws an exception through its caller", "crashed SIGABRT"),
    ends("throw-in-thread", "throws an exception out of a thread", "crashed SIGABRT"),
    ends("throw-from-destructor", "throws an exception out of a destructor", "crashed SIGABRT"),
    ends("exit", "exits as if all were well", "exited 0"),
    ends("exit-at-once", "ends without cleaning up", "exited 4"),
    ends("quick-exit", "ends by quick_exit", "exited 3"),
    ends("end-thread", "ends the thread that it was called on", "exited 0"),
    ends("exit-in-thread", "exits from a thread", "exited 5"),
    ends("crash-at-exit", "exits, and crashes meanwhile", "crashed SIGSEGV"),
    ends("replace-handlers", "replaces every signal's handler, and crashes", "exited 11"),
    hangs("spin", "never returns, and uses a core", "running"),
    hangs("sleep", "never returns, and sleeps", "waiting"),
    hangs("deadlock", "takes a lock twice", "waiting"),
    hangs("stop-process", "stops its own process", "stopped"),
    hangs("ignore-signals", "ignores every signal, and never returns", "running"),
    hangs("catch-segfault", "catches the signal of its crash, and crashes again", "running"),
    hangs("cancel-never", "asks without end whether the result is wanted", "running"),
    ends("exhaust-memory", "allocates without end, and aborts", "out of memory SIGABRT"),
    ends("leak-all", "takes all memory, and returns", "later: out of memory 1"),
    lives("reserve-all", "reserves all address space, and returns"),
    lives("exhaust-tls", "takes every key of thread-local storage", "lives: EAGAIN"),
    lives("bomb-threads", "starts threads without end", "lives: EAGAIN"),
    Behaviour(
        "fill-temporary",
        "fills the folder for temporary files",
        "lives: done",
        "lives: EACCES",
        "lives: ENOSPC",
        target=Target.TEMPORARY,
        ends=False,
    ),
    lives("throw-away", "writes no pixel of its output", "lives, and spoils its picture"),
    ends("write-input", "writes to its input", "crashed SIGSEGV"),
    ends("overrun-by-one", "writes a byte past the frame", "damaged its output SIGSEGV"),
    ends("overrun-output", "writes 64 bytes past the frame", "damaged its output SIGSEGV"),
    ends("overrun-page", "writes a page past the frame", "damaged its output SIGSEGV"),
    ends("underrun-output", "writes before the frame", "damaged its output SIGSEGV"),
    ends("overrun-unseen", "writes a byte past the picture, in the frame's last page", "damaged its output"),
    lives("truncate-frame", "truncates every descriptor that it has", "lives: EPERM"),
    ends("unmap-output", "unmaps its output", "later: crashed SIGSEGV"),
    ends("unmap-input", "unmaps its input", "later: crashed SIGSEGV"),
    ends("protect-output", "makes its output unreadable", "later: damaged its output SIGSEGV"),
    lives("unprotect-input", "asks for its input to be writable", "lives: EACCES"),
    ends("close-descriptors", "closes every descriptor", "closed its connection"),
    ends("replace-descriptors", "replaces every descriptor by another file", "closed its connection"),
    ends("close-channel", "closes the line to its host", "closed its connection 76"),
    ends("shut-channel", "shuts the line to its host down", "closed its connection 76"),
    ends("send-garbage", "sends its host what is no message", "broke the protocol"),
    ends("send-oversized", "sends its host 100 KB at once", "broke the protocol"),
    ends("send-stale", "answers an old question", "broke the protocol"),
    ends("send-unknown", "sends a message of an unknown kind", "broke the protocol"),
    ends("send-failure", "says that a call failed that nobody made", "broke the protocol"),
    ends("pass-descriptors", "passes sixteen descriptors to its host", "broke the protocol"),
    ends("flood-channel", "sends what is no message until there is no room", "broke the protocol"),
    lives("log-garbage", "logs what is no line"),
    lives("flood-output", "writes a megabyte that is no UTF-8"),
    ends("flood-stdout", "writes 100 MB to its output", "flooded"),
    ends("flood-stderr", "writes 100 MB to its error output", "flooded"),
    lives("flood-log", "logs a hundred thousand lines"),
    lives("print-markup", "says what looks like markup", in_app=True),
    lives("print-bidi", "says what hides and turns text", in_app=True),
    lives("fail", "fails with words", "fails 42", in_app=True),
    lives("fail-silently", "fails without words", "fails 42", in_app=True),
    lives("fail-with-markup", "fails with words that look like markup", "fails 42", in_app=True),
    lives("return-absurd", "returns the least integer", "fails -2147483648", in_app=True),
    lives("resize-image", "writes absurd sizes where it was told the picture's", in_app=True),
    lives("set-absurd", "sets its priority and a variable to absurd numbers", in_app=True),
    denied("fork", "has a child"),
    denied("daemon", "leaves a process behind that nothing leads to"),
    ends("exec", "becomes another program", "exited 7", confined="lives: EPERM"),
    denied("kill-other", "kills another process", Target.PROCESS),
    denied("stop-other", "stops another process", Target.PROCESS),
    denied("kill-parent", "kills its parent", tiers="AB"),
    denied("kill-all", "kills all that it can", tiers="AB"),
    denied("trace-other", "traces another process", Target.PROCESS),
    denied("read-other", "reads another process's memory", Target.PROCESS),
    denied("open-memory", "opens another process's memory", Target.PROCESS, by=HIDDEN),
    denied("follow-other", "gets hold of another process", Target.PROCESS),
    denied("leave-namespace", "makes namespaces of its own"),
    lives("raise-limits", "raises its limits", "lives: EPERM", tiers="AB"),
    denied("read-file", "reads a file of the user's", Target.FILE, by=HIDDEN),
    denied("read-file", "reads a private key", Target.KEY, by=HIDDEN),
    denied("list-folder", "looks into the user's folder", Target.FOLDER, by=HIDDEN),
    denied("write-file", "writes to a file of the user's", Target.FILE, by=HIDDEN),
    denied("make-file", "makes a file in the user's folder", Target.NEW_FILE, by=HIDDEN),
    denied("remove-file", "removes a file of the user's", Target.FILE, by=HIDDEN),
    denied("rename-file", "renames a file of the user's", Target.FILE, by=HIDDEN),
    denied("link-file", "links a file of the user's", Target.FILE, by=HIDDEN),
    denied("change-rights", "opens a file of the user's to everybody", Target.FILE),
    denied("replace-file", "replaces its own file", Target.OWN_FILE, by=HIDDEN),
    denied("connect-tcp", "connects to a port", Target.TCP),
    denied("send-udp", "sends a datagram", Target.UDP),
    denied("ask-names", "asks a name server", Target.UDP),
    denied("listen-tcp", "listens on a port"),
    denied("connect-local", "connects to the session's bus or screen", Target.SOCKET),
    denied("connect-abstract", "connects to an abstract socket", Target.ABSTRACT),
    denied("share-memory", "maps another program's shared memory", Target.MEMORY),
    denied("open-terminal", "opens the user's terminal", Target.TERMINAL, by=HIDDEN),
    lives("change-folder", "changes the current folder", "lives: done"),
    lives("change-mask", "changes the mask of new files"),
    lives("change-locale", "changes the locale", in_app=True),
    lives("change-rounding", "rounds upwards from now on", in_app=True),
    lives("flush-to-zero", "takes small numbers for zero from now on", in_app=True),
    lives("change-variables", "clears its variables"),
    lives("block-signals", "blocks every signal"),
    denied("survive-parent", "asks to live longer than its parent"),
    ends("lower-limits", "lowers its own limits to nothing", "later: closed its connection 76"),
)
