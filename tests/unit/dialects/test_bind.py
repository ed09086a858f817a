"""A loaded SDK plugin: its transform, its variables, and what it hears of the host."""

import gc
import mmap
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from plugdeck.dialects.opening import manifest_of, open_plugin
from plugdeck.dialects.sdk.bind import bind
from plugdeck.errors import ArgumentError, CallError, PictureError, SymbolNotFoundError
from plugdeck.image import ImageLayout
from plugdeck.runtime.native import ffi

SOURCE = r"""
#include "plugdeck.h"
#include <pthread.h>
#include <string.h>
PD_PLUGIN("probe", "1.0.0", "test", "MIT", "Does what its parameters say.")
PD_IMAGE_TRANSFORM(70, "neighbourhood:Radius")
PD_INTEGER(Radius, "Radius", 0, 64, 5, "px")
PD_REAL(Strength, "Strength", -1, 1, 0.5, "")
PD_SWITCH(Loud, "Loud", 0)
PD_CHOICE(Action, "Action", "Copy|Fail|Fail silently|Log|Progress|Ask|Fail on a thread|Describe", 0)
PD_VARIABLE(const char *, Title)
PD_VARIABLE(int, InitCalls)
PD_VARIABLE(uint32_t, HostSize)
PD_FUNCTION(const char *, Find, (const char *))
PD_FUNCTION(int, Count, (void))
PD_FUNCTION(const char *, Path, (void))
PD_INIT()
const char *Title = "probe";
int InitCalls = 0;
uint32_t HostSize = 0;
static const pd_host *host;

int Init(const pd_host *given) {
  host = given;
  InitCalls++;
  HostSize = given->size;
  if (given->abi_major != PD_ABI_MAJOR || given->abi_minor != PD_ABI_MINOR) return 90;
#ifdef REFUSES
  host->fail(host, "no licence");
  return 3;
#endif
  return 0;
}

const char *Find(const char *name) {
  if (!strcmp(name, "nobody")) { host->fail(host, "no such user"); return 0; }
  return !strcmp(name, "empty") ? 0 : name;
}
int Count(void) { return 12; }
const char *Path(void) { return PD_HOST_HAS(host, plugin_path) ? host->plugin_path : 0; }

static void *fail_there(void *unused) {
  host->fail(host, "from another thread");
  return unused;
}

int Transform(const pd_image *in, pd_image *out) {
  pthread_t thread;
  for (int32_t y = 0; y < in->height; y++) memcpy(pd_row(out, y), pd_row(in, y), 4 * (size_t)in->width);
  switch (Action) {
    case 1: host->fail(host, "it is tired \xe2\x98\xb9"); return 7;
    case 2: return -2;
    case 3: host->log(host, 2, "caf\xe9"); host->log(host, 99, 0); return 0;
    case 4:
      host->progress(host, 0.25);
      host->progress(host, 7);
      host->progress(host, 0.0 / (in->x ? 1.0 : 0.0));
      return 0;
    case 5: return host->cancelled(host) ? 5 : 0;
    case 6:
      pthread_create(&thread, 0, fail_there, 0);
      pthread_join(thread, 0);
      return 1;
    case 7:
      return !(in->format == PD_RGBA8 && in->x == 0 && in->y == 0 && in->full_width == in->width &&
               in->full_height == in->height && in->scale == 0.5 && in->stride == 16 && out->stride == 16 &&
               in->width == 3 && in->height == 2 && out->scale == 0.5 && out->format == PD_RGBA8);
  }
  return 0;
}
"""
COPY, FAIL, FAIL_SILENTLY, LOG, PROGRESS, ASK, FAIL_ON_A_THREAD, DESCRIBE = range(8)
LAYOUT = ImageLayout(3, 2, 16)
PIXELS = bytes(range(32))


def load(file, log=lambda _level, _line: None, progress=lambda _done: None, cancelled=lambda: False):
    plugin = open_plugin(file)
    return bind(plugin, manifest_of(plugin), log=log, progress=progress, cancelled=cancelled)


@pytest.fixture
def build(build_plugin, tmp_path):
    def copy(name="probe.so", source=SOURCE, **options):
        return shutil.copyfile(build_plugin(source, **options), tmp_path / name)

    return copy


@pytest.fixture
def probe(build):
    """The plugin, and what the host heard from it."""
    heard = SimpleNamespace(lines=[], progress=[], is_cancelled=False)
    heard.plugin = load(
        build(),
        log=lambda level, line: heard.lines.append((level, line)),
        progress=heard.progress.append,
        cancelled=lambda: heard.is_cancelled,
    )
    return heard


def run(plugin, action, source=PIXELS):
    plugin.write("Action", action)
    target = bytearray(LAYOUT.size_bytes)
    plugin.transform(source, target, LAYOUT, 0.5)
    return target


def test_a_transform_reads_its_source_and_writes_its_target(probe):
    result = run(probe.plugin, COPY)
    assert result[:12] == PIXELS[:12]
    assert result[16:28] == PIXELS[16:28]
    assert result[12:16] == result[28:32] == bytes(4), "padding is the plugin's to leave alone"


def test_a_transform_is_told_the_shape_and_the_scale(probe):
    run(probe.plugin, DESCRIBE)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda pixels: memoryview(bytearray(pixels))])
def test_any_memory_can_be_source_and_any_writable_one_target(probe, wrap):
    target = bytearray(40)
    probe.plugin.transform(wrap(PIXELS), memoryview(target)[:32], LAYOUT)
    assert target[:12] == PIXELS[:12]


def test_mapped_memory_is_let_go_when_a_call_ends_however_it_ends(probe):
    for action, errors in ((COPY, []), (FAIL, [])):
        probe.plugin.write("Action", action)
        with mmap.mmap(-1, 4096) as source, mmap.mmap(-1, 4096) as target:  # closing fails while somebody has a view
            source[:32] = PIXELS
            try:
                probe.plugin.transform(source, target, LAYOUT)
            except CallError as error:
                errors.append(error)
            assert target[:12] == PIXELS[:12]
        assert bool(errors) is (action == FAIL)


def test_memory_that_is_too_small_or_read_only_is_refused_before_the_call(probe):
    room = bytearray(32)
    for source, target in ((PIXELS[:31], room), (PIXELS, room[:31]), (PIXELS, bytes(32)), ("x", room)):
        with pytest.raises(PictureError):
            probe.plugin.transform(source, target, LAYOUT)


def test_a_failure_carries_the_plugins_words_and_leaves_it_usable(probe):
    with pytest.raises(CallError, match=r"^Transform of plugin probe returned error 7: it is tired ☹$") as caught:
        run(probe.plugin, FAIL)
    assert (caught.value.code, caught.value.message) == (7, "it is tired ☹")
    assert run(probe.plugin, COPY)[:12] == PIXELS[:12]


def test_a_failure_without_words_says_so_and_does_not_repeat_older_words(probe):
    with pytest.raises(CallError):
        run(probe.plugin, FAIL)
    with pytest.raises(CallError, match=r"returned error -2 and gave no message"):
        run(probe.plugin, FAIL_SILENTLY)


def test_a_failure_told_from_a_thread_of_the_plugin_belongs_to_the_call(probe):
    with pytest.raises(CallError, match="from another thread"):
        run(probe.plugin, FAIL_ON_A_THREAD)


def test_failures_on_two_threads_do_not_mix(probe):
    probe.plugin.write("Action", FAIL)
    start = threading.Barrier(4)

    def fail_often(_):
        start.wait()
        for _ in range(200):
            with pytest.raises(CallError, match="it is tired"):
                probe.plugin.transform(PIXELS, bytearray(32), LAYOUT)
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(fail_often, range(4)))


def test_log_lines_arrive_with_a_level_that_exists_and_text_that_decodes(probe):
    run(probe.plugin, LOG)
    assert probe.lines == [(2, "caf\ufffd"), (3, "")]


def test_progress_arrives_within_its_range_and_never_as_no_number(probe):
    run(probe.plugin, PROGRESS)
    assert probe.progress == [0.25, 1.0]


def test_the_plugin_hears_that_a_call_is_cancelled(probe):
    run(probe.plugin, ASK)
    probe.is_cancelled = True
    with pytest.raises(CallError, match="error 5"):
        run(probe.plugin, ASK)


def test_an_exception_in_a_callback_does_not_reach_the_plugin(build, caplog, capfd):
    def broken(*_):
        raise ValueError("the log is full")

    plugin = load(build(), log=broken, progress=broken, cancelled=broken)
    for action in (LOG, PROGRESS, ASK):
        run(plugin, action)
    assert "A callback for a plugin failed." in caplog.text
    assert "the log is full" in caplog.text
    assert capfd.readouterr().err == ""


def test_an_interruption_in_a_callback_ends_the_call_once_the_plugin_has_returned(build):
    def interrupt(*_):
        raise KeyboardInterrupt

    plugin = load(build(), log=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(plugin, LOG)
    run(plugin, COPY)


def test_init_is_called_once_however_often_the_plugin_is_bound(build, probe):
    again = load(probe.plugin._plugin.path)
    assert again.read("InitCalls") == 1
    assert again.read("HostSize") >= 56


def test_a_plugin_that_is_bound_again_talks_to_the_new_callbacks(probe):
    lines = []
    again = load(probe.plugin._plugin.path, log=lambda _level, line: lines.append(line))
    run(again, LOG)
    assert lines == ["caf\ufffd", ""]
    assert probe.lines == []


def test_a_refusing_init_is_told_each_time_and_not_called_again(build):
    file = build(flags=("-DREFUSES",))
    for _ in range(2):
        with pytest.raises(CallError, match=r"^Init of plugin probe returned error 3: no licence$"):
            load(file)
    assert open_plugin(file).lookup("InitCalls").expect("int").value == 1


def test_the_plugin_learns_where_its_file_is(build):
    file = build("odd ✓ name.so")
    assert load(file).call("Path") == str(file)


def test_variables_have_their_defaults_and_take_new_values(probe):
    plugin = probe.plugin
    assert [plugin.read(name) for name in ("Priority", "Radius", "Strength", "Loud", "Action")] == [70, 5, 0.5, 0, 0]
    for name, value in (("Priority", -5), ("Radius", 64), ("Strength", -1), ("Loud", True), ("Action", 2.0)):
        plugin.write(name, value)
        assert plugin.read(name) == value
    assert type(plugin.read("Strength")) is float
    assert type(plugin.read("Loud")) is int


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("Radius", 65, r"65 is out of range for Radius, which takes 0 to 64 px\."),
        ("Radius", -1, "out of range"),
        ("Radius", 1.5, "no whole number"),
        ("Radius", float("nan"), "no whole number"),
        ("Radius", "many", "no whole number"),
        ("Radius", None, "no whole number"),
        ("Radius", 2**40, "does not fit int"),
        ("Strength", 1.01, "takes -1 to 1"),
        ("Strength", float("nan"), "out of range"),
        ("Strength", float("inf"), "out of range"),
        ("Strength", "strong", "no number"),
        ("Loud", 2, "takes 0 to 1"),
        ("Action", 8, "takes 0 to 7"),
        ("Action", -1, "out of range"),
        ("Priority", 2**31, "does not fit int"),
        ("Title", 1, "which is no number"),
        ("Find", 1, "is a function of probe, not a variable"),
    ],
)
def test_a_value_out_of_range_or_of_another_type_is_refused_and_changes_nothing(probe, name, value, reason):
    before = {known: probe.plugin.read(known) for known in ("Priority", "Radius", "Strength", "Loud", "Action")}
    with pytest.raises(ArgumentError, match=reason):
        probe.plugin.write(name, value)
    assert before == {known: probe.plugin.read(known) for known in before}


def test_an_unknown_variable_is_named(probe):
    with pytest.raises(SymbolNotFoundError, match=r"symbol radius not found in plugin probe\.so"):
        probe.plugin.read("radius")


def test_the_radius_follows_its_parameter(probe):
    assert probe.plugin.radius == 5
    probe.plugin.write("Radius", 9)
    assert probe.plugin.radius == 9


@pytest.mark.parametrize(("area", "radius"), [("pointwise", 0), ("neighbourhood:3", 3), ("whole", float("inf"))])
def test_the_radius_of_other_areas_is_fixed(build, area, radius):
    source = f"""
        #include "plugdeck.h"
        PD_PLUGIN("area", "1.0.0", "test", "MIT", "Nothing.")
        PD_IMAGE_TRANSFORM(1, "{area}")
        int Transform(const pd_image *in, pd_image *out) {{ return in == out; }}
    """
    assert load(build(source=source)).radius == radius


def test_other_functions_are_called_with_plain_values(probe):
    assert probe.plugin.call("Count") == 12
    assert probe.plugin.call("Find", "Ada") == "Ada"
    assert probe.plugin.call("Find", "empty") is None


def test_a_failure_of_another_function_carries_the_plugins_words(probe):
    with pytest.raises(CallError, match=r"^Find of plugin probe failed: no such user$"):
        probe.plugin.call("Find", "nobody")
    assert probe.plugin.call("Find", "empty") is None


def test_a_plugin_without_a_transform_is_bound_and_says_so_when_asked_for_one(build):
    source = """
        #include "plugdeck.h"
        PD_PLUGIN("plain", "1.0.0", "test", "MIT", "One function.")
        PD_FUNCTION(int, One, (void))
        int One(void) { return 1; }
    """
    plugin = load(build(source=source))
    assert plugin.call("One") == 1
    with pytest.raises(SymbolNotFoundError, match="symbol Transform not found in plugin plain"):
        plugin.transform(PIXELS, bytearray(32), LAYOUT)


def test_the_host_table_outlives_what_was_bound(build):
    lines = []
    file = build()
    load(file, log=lambda _level, line: lines.append(line)).write("Action", LOG)
    gc.collect()
    plugin = open_plugin(file)
    image = ffi.new("pd_image *")
    plugin.lookup("Transform").expect("int(const pd_image *, pd_image *)")(image, image)
    assert lines == ["caf\ufffd", ""]
