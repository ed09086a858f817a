"""The rules that no single module can hold: who may import whom, and what ships."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "desktop" / "plugdeck"
QT = {"PySide6", "shiboken6"}
CFFI = {"cffi", "_cffi_backend", "ctypes"}


def imports_of(path):
    """The top-level names that a module imports, late imports among them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


MODULES = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]


def modules_that_import(names):
    return {str(module) for module in MODULES if names & set(imports_of(PACKAGE / module))}


def test_the_import_contracts_hold():
    code = "from importlinter.cli import lint_imports_command as run; run(['--no-cache', '--no-logo'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_qt_is_imported_only_by_the_window():
    assert {name for name in modules_that_import(QT) if not name.startswith("ui/")} <= {"app.py"}


def test_native_code_is_reached_only_where_it_belongs():
    # cli_child.py asks the kernel to end the copy of the command with the command: no native code of anybody's.
    allowed = ("runtime/", "hosting/", "cli_child.py")
    elsewhere = {name for name in modules_that_import(CFFI) if not name.startswith(allowed)}
    assert {Path(name).name for name in elsewhere} <= {"bind.py"}


def test_the_command_line_starts_without_qt_and_without_native_code():
    code = (
        "import sys, plugdeck.__main__, plugdeck.cli, plugdeck.catalogue.examine;"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not (QT | CFFI - {"ctypes"}) & set(done.stdout.split())


def test_every_dependency_is_declared_and_every_declared_one_is_used():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = (*project["dependencies"], *project["optional-dependencies"]["signatures"])
    declared = {requirement.split(">")[0].lower() for requirement in requirements}
    names = {"PySide6": "pyside6-essentials", "tomli_w": "tomli-w", "_cffi_backend": "cffi"}
    names["shiboken6"] = names["PySide6"]  # which cannot be without it
    imported = {name for module in MODULES for name in imports_of(PACKAGE / module)}
    foreign = {name for name in imported if name not in sys.stdlib_module_names and name != "plugdeck"}
    assert {names.get(name, name) for name in foreign} == declared
