"""What a plugin inside Plugdeck can do without harm to it: in a process that stands for the application."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ..native.behaviours import BEHAVIOURS
from ..native.runs import __file__ as runs_file

HARMLESS = [behaviour for behaviour in BEHAVIOURS if behaviour.in_app]
# A plugin misbehaves in the process of its host, whose other plugin works on as before.
APPLICATION = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from native.behaviours import BEHAVIOURS
from native.runs import Stage, manifest_of
from plugdeck.hosting.deadlines import Deadlines
from plugdeck.hosting.hosting_mode import HostingMode
from plugdeck.hosting.hosts import Hosts
from plugdeck.hosting.supervisor import Supervisor
misbehave, witness, folder = map(Path, sys.argv[2:5])
told = {}
with Supervisor(deadlines=Deadlines(hello_s=600, load_s=600, call_s=600)) as supervisor:
    hosts = Hosts(supervisor, mode=HostingMode.IN_APP)
    stage = Stage(supervisor, misbehave, misbehave, folder, json.loads(sys.argv[5]))
    plugin, neighbour = (hosts.host(path, manifest_of(path)) for path in (misbehave, witness))
    plugin.start()
    neighbour.start()
    for behaviour in BEHAVIOURS:
        if behaviour.in_app:
            words = stage.run(behaviour, plugin).words
            told[behaviour.name] = [words, stage.transform(neighbour).words, 0.1 + 0.2 == 0.30000000000000004]
            plugin.write("behaviour", 0)
print("told" + json.dumps(told), flush=True)
"""


def test_a_plugin_inside_harms_neither_the_application_nor_another_plugin(native, number_of, build_plugin, tmp_path):
    tests = Path(runs_file).parent.parent
    witness = build_plugin(tests / "native" / "witness.c", name="witness.so")
    numbers = json.dumps({behaviour.name: number_of(behaviour.name) for behaviour in HARMLESS})
    command = [sys.executable, "-c", APPLICATION, tests, native("misbehave"), witness, tmp_path, numbers]
    done = subprocess.run(command, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    last = done.stdout.rpartition(b"told")[2]
    assert json.loads(last) == {each.name: [each.comes, "lives", True] for each in HARMLESS}
