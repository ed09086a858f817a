import errno
import os
import threading
import tomllib

import pytest

from plugdeck import atomic_file
from plugdeck.errors import SettingsError
from plugdeck.settings import Settings


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config" / "settings.toml"


def test_values_come_back_with_their_types(path):
    settings = Settings.load(path)
    values = {
        "window.size": [1280, 800],
        "view.dark": True,
        "view.zoom": 1.5,
        "view.count": 3,
        "view.name": "a\n\u200fé",
    }
    for key, value in values.items():
        settings.set(key, value)
    settings.save()
    again = Settings.load(path)
    assert {key: again.get(key) for key in values} == values
    assert again.notice == ""


def test_the_default_is_used_for_a_missing_key_and_for_a_value_of_another_type(path):
    path.parent.mkdir()
    path.write_text('size = "big"\nzoom = 2\nshown = 1\nplace = [3, 4]\n')
    settings = Settings.load(path)
    assert settings.get("size", [900, 600]) == [900, 600]
    assert settings.get("zoom", 1.0) == 2.0
    assert settings.get("shown", True) is True
    assert settings.get("place", (0, 0)) == (3, 4)
    assert settings.get("size.width", 7) == 7
    assert settings.get("nothing") is None


def test_default_location_is_the_users_config_folder(path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(path.parent))
    settings = Settings.load()
    settings.set("a", 1)
    settings.save()
    assert (path.parent / "plugdeck" / "settings.toml").is_file()


def test_a_tuple_key_keeps_dots_in_its_parts(path):
    settings = Settings.load(path)
    settings.set(("priority", "blur.so"), 5)
    settings.save()
    assert tomllib.loads(path.read_text()) == {"priority": {"blur.so": 5}}


def test_none_removes_a_key(path):
    settings = Settings.load(path)
    settings.set("a.b", 1)
    settings.set("a.c", 2)
    settings.save()
    settings.set("a.b", None)
    settings.set("nothing.here", None)
    settings.save()
    assert tomllib.loads(path.read_text()) == {"a": {"c": 2}}


def test_returned_and_given_lists_are_copies(path):
    settings = Settings.load(path)
    given = [1]
    settings.set("a", given)
    given.append(2)
    settings.get("a").append(3)
    assert settings.get("a") == [1]


def test_unknown_keys_are_preserved(path):
    path.parent.mkdir()
    path.write_text("[from_the_future]\nanswer = 42\nwhen = 2030-01-01\n")
    settings = Settings.load(path)
    settings.set("a", 1)
    settings.save()
    assert tomllib.loads(path.read_text())["from_the_future"]["answer"] == 42


def test_two_windows_keep_each_others_changes(path):
    first, second = Settings.load(path), Settings.load(path)
    first.set("view.theme", "dark")
    second.set("view.zoom", 2)
    second.set("window.size", [1, 2])
    first.save()
    second.save()
    assert tomllib.loads(path.read_text()) == {
        "view": {"theme": "dark", "zoom": 2},
        "window": {"size": [1, 2]},
    }
    assert second.get("view.theme") == "dark"


def test_the_value_set_last_wins_within_a_table(path):
    settings = Settings.load(path)
    settings.set("window.size", 1)
    settings.set("window", {"place": 2})
    settings.set("window.size", 3)
    settings.save()
    assert tomllib.loads(path.read_text()) == {"window": {"place": 2, "size": 3}}


def test_saving_without_a_change_writes_nothing(path):
    settings = Settings.load(path)
    settings.set("a", None)
    settings.save()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "damage", [b"window = [1,", b"\xff\xfe", b"a = 1\na = 2\n", b"a = " + b"[" * 5000, b"\x00" * 20]
)
def test_a_damaged_file_is_kept_aside_and_the_defaults_are_used(path, damage):
    path.parent.mkdir()
    path.write_bytes(damage)
    settings = Settings.load(path)
    assert settings.get("window", "default") == "default"
    kept = path.with_name("settings.toml.damaged-1")
    assert str(kept) in settings.notice
    assert kept.read_bytes() == damage
    settings.set("a", 1)
    settings.save()
    assert Settings.load(path).get("a") == 1


def test_every_damaged_file_is_kept(path):
    path.parent.mkdir()
    for number in (1, 2, 3):
        path.write_text(f"damage {number}")
        Settings.load(path)
    kept = sorted(path.parent.iterdir())
    assert [file.name for file in kept] == [f"settings.toml.damaged-{number}" for number in (1, 2, 3)]
    assert [file.read_text() for file in kept] == ["damage 1", "damage 2", "damage 3"]


def test_damage_between_load_and_save_loses_neither_the_file_nor_the_known_values(path):
    settings = Settings.load(path)
    settings.set("a", 1)
    settings.save()
    path.write_text("half a li")
    settings.set("b", 2)
    settings.save()
    assert tomllib.loads(path.read_text()) == {"a": 1, "b": 2}
    assert path.with_name("settings.toml.damaged-1").read_text() == "half a li"
    assert "damaged-1" in settings.notice


def test_an_unreadable_file_gives_the_defaults_and_is_not_overwritten(path):
    path.mkdir(parents=True)  # reads as "Is a directory", for root too
    settings = Settings.load(path)
    assert "could not be read" in settings.notice
    settings.set("a", 1)
    with pytest.raises(SettingsError):
        settings.save()
    assert path.is_dir()


@pytest.mark.parametrize("kind", ["pipe", "huge"])
def test_what_would_take_forever_to_read_is_not_read_and_not_overwritten(path, kind):
    path.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.touch()
        os.truncate(path, 1 << 40)
    settings = Settings.load(path)
    assert "could not be read" in settings.notice
    settings.set("a", 1)
    with pytest.raises(SettingsError):
        settings.save()
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path):
    (tmp_path / "config").write_text("a file where the folder should be")
    settings = Settings.load(tmp_path / "config" / "settings.toml")
    settings.set("a", 1)
    with pytest.raises(SettingsError) as caught:
        settings.save()
    assert caught.value.remedy


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_keeps_the_old_file_and_the_change_for_the_next_try(path, monkeypatch, call):
    settings = Settings.load(path)
    settings.set("a", 1)
    settings.save()
    settings.set("a", 2)

    def full(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(*(("os.fsync", full) if call == "fsync" else ("pathlib.Path.replace", full)))
        with pytest.raises(SettingsError, match="No space left"):
            settings.save()
    assert list(path.parent.iterdir()) == [path]
    assert tomllib.loads(path.read_text()) == {"a": 1}
    settings.save()
    assert tomllib.loads(path.read_text()) == {"a": 2}


def test_a_linked_file_stays_a_link_and_keeps_its_mode(path, tmp_path):
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("a = 1\n")
    kept.chmod(0o640)
    path.parent.mkdir()
    path.symlink_to(kept)
    settings = Settings.load(path)
    settings.set("b", 2)
    settings.save()
    assert path.is_symlink()
    assert tomllib.loads(kept.read_text()) == {"a": 1, "b": 2}
    assert kept.stat().st_mode & 0o777 == 0o640


def test_text_that_is_no_valid_unicode_does_not_stop_the_save(path):
    settings = Settings.load(path)
    settings.set("last", os.fsdecode(b"/plugins/\xff.so"))
    settings.set("half", "\ud800")
    settings.save()
    assert Settings.load(path).get("last").startswith("/plugins/")


@pytest.mark.parametrize("value", [object(), b"bytes", [None], {"a": None}, {1, 2}])
def test_a_value_that_toml_cannot_hold_is_refused_at_once(path, value):
    with pytest.raises(TypeError):
        Settings.load(path).set("a", value)


@pytest.mark.parametrize("key", ["", ".", "a..b", ()])
def test_an_empty_key_is_refused(path, key):
    with pytest.raises(ValueError, match="key"):
        Settings.load(path).set(key, 1)


def test_threads_and_windows_saving_at_once_lose_nothing(path, monkeypatch):
    monkeypatch.setattr("plugdeck.atomic_file.LOCK_PATIENCE_S", 100)  # the machine may be busy
    windows = [Settings.load(path) for _ in range(4)]

    def work(number):
        for step in range(10):
            windows[number].set(f"window{number}.step{step}", step)
            windows[number].save()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"window{number}": {f"step{step}": step for step in range(10)} for number in range(4)}
    assert tomllib.loads(path.read_text()) == expected
    assert list(path.parent.iterdir()) == [path]


def test_values_are_read_and_set_while_a_save_waits_for_the_disk(path, monkeypatch):
    settings = Settings.load(path)
    settings.set("a", 1)
    waiting, disk_answers = threading.Event(), threading.Event()
    replace = atomic_file.replace_file

    def wait(*arguments):
        waiting.set()
        disk_answers.wait()
        replace(*arguments)

    monkeypatch.setattr(atomic_file, "replace_file", wait)
    saving = threading.Thread(target=settings.save)
    saving.start()
    waiting.wait()
    settings.set("a", 2)
    settings.set("b", 3)
    assert settings.get("a") == 2
    disk_answers.set()
    saving.join()

    assert (settings.get("a"), settings.get("b")) == (2, 3)
    assert tomllib.loads(path.read_text()) == {"a": 1}
    settings.save()
    assert tomllib.loads(path.read_text()) == {"a": 2, "b": 3}


def test_a_value_that_is_noted_is_told_once(path):
    settings, told = Settings.load(path), []
    forget = settings.on_change(lambda: told.append(settings.get("a")))
    settings.set("a", 1)
    settings.set("a", 1)
    forget()
    settings.set("a", 2)
    assert told == [1]
