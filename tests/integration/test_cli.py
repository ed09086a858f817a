"""The real command, as scripts and people call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

KEYS_OF_CHECK = {"path", "dialect", "status", "loads", "findings"}
KEYS_OF_INSPECT = KEYS_OF_CHECK | {"format", "machine", "soname", "needed", "build_id", "build", "manifest", "symbols"}


def plugdeck(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "plugdeck", *map(os.fspath, map(str, words))],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="session")
def photo(tmp_path_factory):
    """A picture of twelve megapixels with every value of every channel in it."""
    picture = Image.radial_gradient("L").resize((4000, 3000))
    ramp = Image.linear_gradient("L").resize((4000, 3000))
    alpha = ramp.rotate(180)
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.merge("RGBA", (picture, ramp, ramp.rotate(90).resize((4000, 3000)), alpha)).save(path, compress_level=1)
    return path


def through(picture: Image.Image, table: list[int]) -> Image.Image:
    """Each colour channel through one table; alpha stays."""
    red, green, blue, alpha = picture.split()
    return Image.merge("RGBA", (*(channel.point(table) for channel in (red, green, blue)), alpha))


@pytest.mark.parametrize("mode", ["individually", "together", "in-app"])
def test_run_through_three_plugins_gives_the_bytes_of_a_direct_calculation(
    mode, photo, samples, build_plugin, tmp_path
):
    halve = build_plugin(
        """
        #include "plugdeck.h"
        PD_PLUGIN("halve", "1.0.0", "", "MIT", "Halves every colour.")
        PD_IMAGE_TRANSFORM(5, "pointwise")
        PD_INTEGER(divisor, "Divisor", 1, 8, 2, "")
        int Transform(const pd_image *in, pd_image *out) {
          for (int y = 0; y < in->height; y++)
            for (int x = 0; x < in->width * 4; x++) {
              uint8_t value = in->data[y * in->stride + x];
              out->data[y * out->stride + x] = x % 4 == 3 ? value : value / divisor;
            }
          return 0;
        }
        """,
        name="halve.so",
    )
    add = build_plugin(
        """
        #include "plugdeck.h"
        PD_PLUGIN("add", "1.0.0", "", "MIT", "Adds to every colour.")
        PD_IMAGE_TRANSFORM(7, "pointwise")
        int Transform(const pd_image *in, pd_image *out) {
          for (int y = 0; y < in->height; y++)
            for (int x = 0; x < in->width * 4; x++) {
              uint8_t value = in->data[y * in->stride + x];
              out->data[y * out->stride + x] = x % 4 == 3 ? value : value + 40 > 255 ? 255 : value + 40;
            }
          return 0;
        }
        """,
        name="add.so",
    )
    output = tmp_path / "out.png"

    done = plugdeck(
        "run", "--trust", photo, "-o", output, "--mode", mode, "--set", "halve.divisor=3",
        "-p", f"{samples / 'invert.so'}@9", "-p", add, "-p", halve,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    source = Image.open(photo)
    halved = through(source, [value // 3 for value in range(256)])
    added = through(halved, [min(255, value + 40) for value in range(256)])
    expected = through(added, [255 - value for value in range(256)])
    assert Image.open(output).convert("RGBA").tobytes() == expected.tobytes()


def test_priority_from_the_command_line_decides_the_order(samples, photo, tmp_path):
    small = tmp_path / "small.png"
    Image.open(photo).resize((64, 48)).save(small)
    orders = []
    for priority in (1, 900):
        done = plugdeck(
            "run", small, "-o", tmp_path / "out.png", "--json",
            "-p", f"{samples / 'invert.so'}@{priority}", "-p", f"{samples / 'sepia.so'}@500",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        orders.append([step["name"] for step in json.loads(done.stdout)["steps"]])

    assert orders == [["invert", "sepia"], ["sepia", "invert"]]


def test_run_says_why_a_plugin_failed_and_writes_nothing(native, photo, tmp_path):
    output = tmp_path / "out.png"

    done = plugdeck("run", "--trust", photo, "-o", output, "-p", native("segfault-in-call"))

    assert done.returncode == 1
    assert "SIGSEGV" in done.stderr
    assert not output.exists()


def test_run_refuses_an_unknown_parameter_and_names_the_known_ones(samples, photo, tmp_path):
    done = plugdeck("run", photo, "-o", tmp_path / "o.png", "-p", samples / "gaussian-blur.so", "--set", "size=2")

    assert done.returncode == 1
    assert "no plugin" in done.stderr.lower()
    assert "radius" in done.stderr


def test_run_with_a_damaged_picture_says_so(samples, tmp_path):
    picture = tmp_path / "damaged.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))

    done = plugdeck("run", picture, "-o", tmp_path / "o.png", "-p", samples / "invert.so")

    assert done.returncode == 1
    assert "damaged.png" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_exit_code_counts_incompatible_files(samples, native):
    assert plugdeck("check", samples / "invert.so").returncode == 0
    assert plugdeck("check", samples / "invert.so", native("missing-library")).returncode == 1
    assert plugdeck("check").returncode == 2
    assert plugdeck("check", "/nowhere/at/all.so").returncode == 1


def test_check_of_files_for_one_process_says_so(samples):
    done = plugdeck("check", "--together", samples / "invert.so", samples / "sepia.so")

    assert done.stdout.endswith("2 compatible; 2 would load together, in one process\n")
    alone = plugdeck("check", samples / "invert.so", samples / "sepia.so")
    assert alone.stdout.endswith("2 compatible; 2 would load\n")


def test_check_exit_code_counts_libraries_that_do_not_load(build_plugin):
    source = '__attribute__((visibility("default"))) int f(void) { return 1; }'
    needed = build_plugin(source, name="libneeded.so", flags=("-Wl,-soname,libneeded-nowhere.so",))
    library = build_plugin(source, name="liblone.so", flags=("-Wl,--no-as-needed", needed))

    assert plugdeck("check", library).returncode == 1
    assert plugdeck("check", needed).returncode == 0


def test_check_json_is_one_document_with_the_promised_keys(samples, tmp_path):
    text = tmp_path / "notes.so"
    text.write_text("not a plugin")

    done = plugdeck("check", "--json", samples / "invert.so", text)

    first, second = json.loads(done.stdout)
    assert set(first) == KEYS_OF_CHECK | {"host"}
    assert first["host"].startswith("Plugdeck's worker (")
    assert (first["status"], first["loads"], first["dialect"]) == ("compatible", True, "sdk")
    assert (second["status"], second["loads"]) == ("not-a-plugin", False)
    assert set(second["findings"][0]) == {"id", "severity", "message", "evidence", "remedy"}


def test_inspect_json_names_symbols_with_their_types(samples):
    done = plugdeck("inspect", "--json", samples / "invert.so")

    document = json.loads(done.stdout)
    symbols = {symbol["name"]: symbol for symbol in document["symbols"]}
    assert set(document) >= KEYS_OF_INSPECT
    assert symbols["Transform"]["kind"] == "function"
    assert symbols["Transform"]["type"] == "int(const pd_image *, pd_image *)"
    assert (symbols["Priority"]["kind"], symbols["Priority"]["type"]) == ("variable", "int")


def test_inspect_of_an_unreadable_file_exits_1(tmp_path):
    assert plugdeck("inspect", tmp_path / "absent.so").returncode == 1


def test_list_shows_names_that_hide_nothing(samples, tmp_path):
    evil = tmp_path / "a\n\x1b[31mb\u202e.so"
    evil.write_bytes((samples / "invert.so").read_bytes())

    done = plugdeck("list", tmp_path)

    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "␊␛" in done.stdout


def test_call_prints_what_the_function_returns(samples):
    done = plugdeck("call", samples / "greeter-zh.so", "Greet", "Ada", PYTHONUTF8="1")

    assert done.returncode == 0, done.stderr
    assert "Ada" in done.stdout
    assert "你好" in done.stdout


def test_call_of_a_missing_symbol_names_symbol_and_plugin(samples):
    done = plugdeck("call", samples / "greeter-en.so", "Great", "Ada")

    assert done.returncode == 1
    assert "symbol Great not found in plugin greeter-en\n" in done.stderr


def test_install_list_uninstall(samples):
    assert plugdeck("install", samples / "invert.so").returncode == 0
    listed = json.loads(plugdeck("list", "--json").stdout)
    assert [row["name"] for row in listed] == ["invert"]
    assert plugdeck("uninstall", "invert").returncode == 0
    assert json.loads(plugdeck("list", "--json").stdout) == []
    assert plugdeck("uninstall", "invert").returncode == 1


def test_bench_compares_this_process_with_a_worker(samples):
    done = plugdeck("bench", "--json", samples / "greeter-en.so")

    rows = json.loads(done.stdout)
    assert {row["what"] for row in rows} == {"Greet", "Language"}
    assert all(row["isolated"] > row["in_app"] > 0 for row in rows)
