"""The import table of `docs/design.md`, as a test: who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# module or package → the product's modules it may import, beside itself
TABLE: dict[str, set[str]] = {
    "appliance.saslprep": set(),
    "appliance.settings": {"appliance.saslprep"},
    "appliance.model": {"appliance.settings"},
    "appliance.reserved": set(),
    "appliance.templates": set(),
    "appliance.answers": {"appliance.settings", "appliance.model"},
    "appliance.fields": {"appliance.settings", "appliance.model", "appliance.answers"},
    "appliance.certificates": {"appliance.settings", "appliance.model"},
    "appliance.setup": {"appliance.settings", "appliance.model", "appliance.answers", "appliance.fields"},
    "appliance.janus": set(),
    "appliance.throttle": {"appliance.settings", "appliance.model"},
    "appliance.http_api": {"appliance.settings", "appliance.model", "appliance.answers"},
    "appliance.rooms": {
        "appliance.settings",
        "appliance.model",
        "appliance.answers",
        "appliance.system.files",
        "appliance.system.process",
        "appliance.janus",
        "appliance.throttle",
        "appliance.http_api",
    },
    # Makes films, with libraries that no daemon carries around.
    "appliance.rooms.recorder": set(),
    "appliance.xmpp": {"appliance.settings", "appliance.model", "appliance.reserved"},
    "appliance.services": {
        "appliance.settings",
        "appliance.model",
        "appliance.reserved",
        "appliance.certificates",
        "appliance.templates",
        "appliance.xmpp",
    },
    "appliance.system": {"appliance.settings", "appliance.model", "appliance.certificates"},
    "appliance.apply": {"appliance.settings", "appliance.model", "appliance.system"},
    "appliance.observe": {"appliance.settings", "appliance.model", "appliance.system"},
    "appliance.client": {"appliance.settings", "appliance.model"},
    "appliance.cli": {
        "appliance.client",
        "appliance.model",
        "appliance.setup",
        "appliance.update_command",
        "appliance.meeting_command",
    },
    "appliance.meeting_command": {"appliance.client"},
    "appliance.update_command": {"appliance.client", "appliance.model", "appliance.settings"},
    "appliance.console": {"appliance.client", "appliance.settings", "appliance.model"},
    "appliance.prepare": {
        "appliance.settings",
        "appliance.model",
        "appliance.services",
        "appliance.system",
        "appliance.apply",
        "appliance.core",
        "appliance.keep",
    },
    "appliance.keep": {"appliance.model", "appliance.services", "appliance.settings", "appliance.system"},
    "appliance.erase": {"appliance.system"},
    "appliance.core": {
        "appliance.settings",
        "appliance.model",
        "appliance.answers",
        "appliance.fields",
        "appliance.certificates",
        "appliance.setup",
        "appliance.services",
        "appliance.system",
        "appliance.apply",
        "appliance.observe",
        "appliance.keep",
        "appliance.rooms.tokens",
        "appliance.throttle",
        "appliance.http_api",
        "ota",
    },
    "ota": {"appliance.settings", "appliance.model", "appliance.system", "appliance.client"},
    # The proof is a program of its own, which no daemon carries around.
    "ota.proof": {"appliance.janus"},
    "hardware": {"appliance.model", "appliance.system"},
    "web_setup": {"appliance.client", "appliance.settings", "appliance.model"},
    "image": set(),
    "tests": {"appliance", "hardware", "ota", "web_setup", "image"},
}
PRODUCT = {name.partition(".")[0] for name in TABLE}
# Effects are at the edge: only these may start programs or talk to the system.
EDGE_ONLY = {"subprocess", "sqlite3"}
# Daemons with a small edge of their own: the rooms' keeps its meetings.
EDGES = {"appliance.rooms.meeting_store"}


def owner(module: str) -> str:
    """The row of the table a module belongs to: the longest name that it starts with."""
    rows = [row for row in TABLE if module == row or module.startswith(row + ".")]
    return max(rows, key=len, default="")


def imports(path: Path) -> set[str]:
    """Every module a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide who imports whom"
            module = node.module or ""
            found |= {
                f"{module}.{alias.name}" if _is_module(f"{module}.{alias.name}") else module for alias in node.names
            }
    return found


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def sources() -> list[tuple[str, Path]]:
    """Every module of the product, with its file."""
    paths = [path for top in sorted(PRODUCT) for path in sorted((ROOT / top).rglob("*.py"))]
    return [(".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), p) for p in paths]


def wrong(module: str, imported: set[str]) -> list[str]:
    """What a module imports though its row of the table does not allow it."""
    row = owner(module)
    allowed = TABLE[row] | {row}
    ours = {name for name in imported if name.partition(".")[0] in PRODUCT and name != "appliance"}
    return sorted(name for name in ours if not any(name == a or name.startswith(a + ".") for a in allowed))


@pytest.mark.parametrize(("module", "path"), sources(), ids=lambda value: value if isinstance(value, str) else "")
def test_module_imports_only_what_the_table_allows(module: str, path: Path) -> None:
    if module == "appliance":
        return
    assert owner(module), f"{module} has no row in the table"
    assert wrong(module, imports(path)) == []


@pytest.mark.parametrize(("module", "path"), sources(), ids=lambda value: value if isinstance(value, str) else "")
def test_only_the_edge_touches_the_system(module: str, path: Path) -> None:
    if owner(module) in {"appliance.system", "image", "tests"} or module in EDGES:
        return
    assert not imports(path) & EDGE_ONLY


def test_the_check_sees_a_forbidden_import() -> None:
    assert wrong("web_setup.pages.people", {"appliance.core.people"}) == ["appliance.core.people"]
    assert wrong("appliance.services.nginx", {"appliance.system.files"}) == ["appliance.system.files"]
