"""When the user is asked, and what he is told then."""

import errno
import os
import shutil
from dataclasses import replace

import pytest

from plugdeck import paths
from plugdeck.catalogue.examine import examine
from plugdeck.compat.finding import Finding, Severity
from plugdeck.compat.packages import packages_of
from plugdeck.errors import PlugdeckError
from plugdeck.hosting.sandbox.confinement import NO_PERMISSIONS, Approval, Permissions, Tier
from plugdeck.hosting.sandbox.offer import Offer
from plugdeck.trust.authors import Authors
from plugdeck.trust.origin import origin_words
from plugdeck.trust.own_key import OwnKey
from plugdeck.trust.question import Occasion, Question, ask_or_approve, question_about
from plugdeck.trust.records import TrustRecords

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("wave", "1.2.0", "Eve%s", "MIT", "Makes waves.")
PD_FUNCTION(int, Add, (int a))
int Add(int a) { return a + %d; }
"""


@pytest.fixture(autouse=True)
def best_offer(monkeypatch):
    """What the machine of the test offers does not count."""
    monkeypatch.setattr("plugdeck.trust.question.offer", lambda: Offer(Tier.SEALED))


@pytest.fixture
def builds(build_plugin):
    """Two builds of one plugin."""
    return [build_plugin(SOURCE % ("", number), name="wave.so") for number in (1, 2)]


@pytest.fixture
def plugin(builds, tmp_path):
    return shutil.copy(builds[0], tmp_path / "wave.so")


@pytest.fixture
def records():
    return TrustRecords()


def ask(plugin, records, **options):
    return ask_or_approve(examine(plugin), records, **options)


def say_yes(question, records):
    records.allow(
        question.sha256,
        name=question.report.name,
        path=question.path,
        permissions=question.permissions,
        lowest_tier=question.tier,
    )


def test_a_plugin_is_asked_about_once(plugin, records, sha256):
    question = ask(plugin, records)

    assert isinstance(question, Question)
    assert question.occasion is Occasion.FIRST_USE
    assert question.sha256 == sha256(plugin)
    assert (question.tier, question.permissions) == (Tier.SEALED, NO_PERMISSIONS)
    say_yes(question, records)
    assert ask(plugin, records) == Approval(NO_PERMISSIONS, question.sha256, Tier.SEALED)


def test_the_same_bytes_elsewhere_are_allowed_too(plugin, records, tmp_path):
    say_yes(ask(plugin, records), records)

    assert isinstance(ask(shutil.copy(plugin, tmp_path / "other.so"), records), Approval)


def test_a_changed_file_asks_again_and_proposes_what_the_one_before_it_was_allowed(plugin, builds, records):
    permissions = Permissions(("/pictures",))
    say_yes(ask(plugin, records, permissions=permissions), records)
    shutil.copy(builds[1], plugin)

    question = ask(plugin, records)

    assert question.occasion is Occasion.CHANGED
    assert question.is_changed
    assert question.permissions == permissions
    assert ask(plugin, records, permissions=Permissions(network=True)).permissions == Permissions(network=True)


def test_less_confinement_than_was_agreed_to_asks_again_and_more_does_not(plugin, records, monkeypatch):
    say_yes(ask(plugin, records, tier=Tier.FILTERED), records)

    assert isinstance(ask(plugin, records, tier=Tier.SEALED), Approval)
    assert isinstance(ask(plugin, records, tier=Tier.FILTERED), Approval)
    question = ask(plugin, records, tier=Tier.LIMITED)
    assert question.occasion is Occasion.LESS_CONFINED
    assert "less confinement" in question.tier_reason

    offer = Offer(Tier.LIMITED, "The kernel has no Landlock.", "Use another.")
    monkeypatch.setattr("plugdeck.trust.question.offer", lambda: offer)
    question = ask(plugin, records)
    assert (question.tier, question.tier_reason, question.tier_remedy) == (Tier.LIMITED, offer.reason, offer.remedy)
    say_yes(question, records)
    assert isinstance(ask(plugin, records), Approval)


def test_quarantine_asks_with_its_reason_also_what_was_allowed(plugin, records):
    question = ask(plugin, records)
    say_yes(question, records)
    records.quarantine(question.sha256, "wave", "It crashed three times.")

    question = ask(plugin, records)

    assert question.occasion is Occasion.QUARANTINED
    assert question.quarantine == "It crashed three times."
    records.lift(question.sha256)
    assert isinstance(ask(plugin, records), Approval)


def test_samples_that_plugdeck_ships_run_without_a_question_and_can_be_in_quarantine(samples, records):
    sample = samples / "invert.so"
    approval = ask(sample, records, tier=Tier.LIMITED)

    assert approval == Approval(NO_PERMISSIONS, approval.sha256, Tier.LIMITED)
    records.quarantine(approval.sha256, "invert", "It crashed.")
    assert ask(sample, records).occasion is Occasion.QUARANTINED


def test_what_a_sample_was_allowed_beside_its_job_counts(samples, records):
    report = examine(samples / "invert.so")
    question = question_about(report, records, permissions=Permissions(network=True))
    say_yes(question, records)

    assert ask_or_approve(report, records, tier=Tier.LIMITED).permissions == Permissions(network=True)


def test_a_link_among_the_samples_or_to_one_is_from_outside(plugin, samples, records, tmp_path, monkeypatch):
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "evil.so").symlink_to(plugin)
    monkeypatch.setattr(paths, "sample_folder", lambda: folder)
    (tmp_path / "invert.so").symlink_to(samples / "invert.so")

    assert isinstance(ask(folder / "evil.so", records), Question)
    assert isinstance(ask(tmp_path / "invert.so", records), Question)


def test_a_file_that_changes_between_the_report_and_the_question_is_refused(plugin, builds, records):
    report = examine(plugin)
    shutil.copy(builds[1], plugin)

    with pytest.raises(PlugdeckError, match="changed since it was read"):
        ask_or_approve(report, records)


def test_another_name_or_other_rights_are_no_change(plugin, records, tmp_path):
    report = examine(plugin)
    os.link(plugin, tmp_path / "other.so")
    os.chmod(plugin, 0o500)

    assert isinstance(ask_or_approve(report, records), Question)


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", "huge"])
def test_what_cannot_be_hashed_is_told(kind, plugin, records):
    report = examine(plugin)
    os.unlink(plugin)
    if kind == "folder":
        os.mkdir(plugin)
    elif kind == "pipe":
        os.mkfifo(plugin)
    elif kind == "huge":
        plugin.touch()
        os.truncate(plugin, 1 << 40)

    with pytest.raises(PlugdeckError):
        ask_or_approve(report, records)


def test_a_verified_author_is_named_and_a_bad_signature_warned_of(plugin, builds, records):
    key = OwnKey.create()
    Authors().add(key.public, "Ada")
    key.sign_file(plugin)
    assert ask(plugin, records).signature.author == "Ada"
    assert "Signed by Ada" in "\n".join(ask(plugin, records).lines())

    shutil.copy(builds[1], plugin)
    question = ask(plugin, records)
    assert question.signature.is_bad
    assert "Do not run it" in "\n".join(question.lines())


@pytest.mark.parametrize("stripped", [True, False])
def test_a_signature_that_the_allowed_file_had_and_the_new_one_lacks_is_warned_of(stripped, plugin, builds, records):
    key = OwnKey.create()
    Authors().add(key.public, "Ada")
    signature = key.sign_file(plugin)
    say_yes(ask(plugin, records), records)
    shutil.copy(builds[1], plugin)
    if stripped:
        signature.unlink()
    else:
        key.sign_file(plugin)

    found = ask(plugin, records).signature

    assert found.author == "Ada"
    assert found.is_bad is stripped
    assert found.is_verified is not stripped
    Authors().remove("Ada")
    assert not ask(plugin, records).signature.is_bad  # nothing was expected of a key that is not believed


def test_the_lines_tell_everything_and_hide_nothing(build_plugin, tmp_path, records):
    source = SOURCE % ("\\x1b[31m\\xe2\\x80\\xae", 1)
    path = tmp_path / "a\nb\u202e.so"
    shutil.copy(build_plugin(source, name="wave.so"), path)
    permissions = Permissions(("/pictures\n",), ("/out",), network=True)

    question = ask(path, records, permissions=permissions, tier=Tier.LIMITED)

    lines = question.lines()
    text = "\n".join(lines)
    assert not {"\x1b", "\u202e"} & set(text)
    assert not any("\n" in line for line in lines)
    for words in (
        question.sha256,
        "wave 1.2.0",
        "Eve",
        "Not signed",
        "your own rights",
        "/pictures␊",
        "/out",
        "network",
    ):
        assert words in text


def test_each_file_that_it_could_read_without_a_permission_is_named(plugin, records, tmp_path):
    for name in ("wave.json", "wave.pdf", "wave.c", "taxes.pdf"):
        (tmp_path / name).write_text("{}")

    question = ask(plugin, records)

    assert question.files == (tmp_path / "wave.json", tmp_path / "wave.pdf")
    text = "\n".join(question.lines())
    assert text.count("can read") == 1
    assert all(f"  {tmp_path / name}" in text for name in ("wave.json", "wave.pdf"))
    assert "taxes" not in text
    assert ask(plugin, records, tier=Tier.LIMITED).files == ()  # it could read everything


def test_a_first_load_that_takes_long_is_told_before_it(plugin, records):
    report = examine(plugin)
    long = Finding("go.runner-not-built", Severity.INFO, "That takes about half a minute, once.")

    assert "half a minute" not in "\n".join(ask_or_approve(report, records).lines())
    assert "half a minute" in "\n".join(ask_or_approve(replace(report, findings=(long,)), records).lines())


def test_a_download_says_where_it_came_from(plugin):
    try:
        os.setxattr(plugin, "user.xdg.origin.url", b"https://example.org/wave.so?\x1b[2J\xff")
        os.setxattr(plugin, "user.xdg.referrer.url", b"https://example.org/plugins")
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        pytest.skip("the file system of the tests keeps no extended attributes")

    words = origin_words(plugin)

    assert "downloaded from https://example.org/wave.so?␛[2J⟨FF⟩, by way of https://example.org/plugins" in words
    assert str(plugin.parent) in words


def test_where_nothing_is_known_nothing_is_guessed(plugin):
    assert origin_words(plugin) == f"Nothing says where it came from. It is in the folder {plugin.parent}."


def test_an_installed_plugin_says_so(plugin):
    folder = paths.plugin_folder()
    folder.mkdir(parents=True)

    assert "You installed it." in origin_words(shutil.copy(plugin, folder / "wave.so"))


def test_a_file_of_a_package_names_it(plugin, tmp_path, monkeypatch):
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info / "wave-plugins:amd64.list").write_text(f"/.\n{plugin}\n/usr/lib/other.so\n")
    monkeypatch.setattr("plugdeck.trust.origin.packages_of", lambda: packages_of(str(tmp_path)))
    (tmp_path / "elsewhere").mkdir()

    assert "The system's package wave-plugins brought it." in origin_words(plugin)
    assert "Nothing says" in origin_words(shutil.copy(plugin, tmp_path / "elsewhere" / "wave.so"))
