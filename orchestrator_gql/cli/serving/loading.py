"""Import a user's workflow modules; an error names the user's file and line."""

import ast
import importlib
import importlib.util
import linecache
import os
import sys
import sysconfig
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from orchestrator_gql.domain.migrations import demand_used_migrations
from orchestrator_gql.utils.errors import SettingsError
from orchestrator_gql.utils.exception_text import describe, is_a
from orchestrator_gql.workflow.model import Workflow

LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURS = str(Path(__file__).parents[2])


def load_workflows(modules: Sequence[str]) -> list[Workflow]:
    """The workflows of the modules, each once, in the order of the modules.

    A module is a dotted name or a file. Raises `SettingsError` if a module cannot be imported or has no workflow, and
    `WorkflowDefinitionError` if a migration in them could never run.
    """
    _make_importable(working_folder())
    workflows_by_id: dict[int, Workflow] = {}
    for name in modules:
        module = _import(name)
        if is_file(name):
            _demand_own_neighbours(Path(name).resolve().parent)
        # `isinstance` also asks the object for its class, which the settings of some libraries answer with an error
        workflows = [value for value in vars(module).values() if issubclass(type(value), Workflow)]
        if not workflows:
            raise SettingsError(f"There is no workflow in {name!r}: decorate a function in it with @workflow.")
        workflows_by_id.update((id(workflow), workflow) for workflow in workflows)
    demand_used_migrations()
    return list(workflows_by_id.values())


def _import(name: str) -> ModuleType:
    try:
        return _module_of_file(Path(name)) if is_file(name) else importlib.import_module(name)
    except SettingsError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # of the user's code, such as a SystemExit
        raise SettingsError(f"The workflows in {name!r} cannot be loaded: {_described(error)}") from error


def working_folder() -> Path:
    """The folder in which the command runs. Raises `SettingsError` if somebody removed it meanwhile."""
    try:
        return Path.cwd()
    except OSError as error:
        raise SettingsError(
            f"The working folder cannot be found: {error.strerror}. Change to another folder."
        ) from error


def is_file(name: str) -> bool:
    """True if the module is given as a file, and not as a dotted name."""
    return name.endswith(".py") or os.sep in name


def _module_of_file(path: Path) -> ModuleType:
    try:
        is_there = path.is_file()
    except OSError as error:  # such as a folder that this user may not enter
        raise SettingsError(f"The file {str(path)!r} cannot be read: {error.strerror}.") from error
    if not is_there:
        raise SettingsError(_without_file(path))
    if path.suffix != ".py" or "." in path.stem:
        raise SettingsError(
            f"Python imports no file with the name {path.name!r}: "
            "the name must end with `.py`, without another dot before that. Give the file another name."
        )
    _make_importable(path.resolve().parent)  # as `python FILE` does: a file may import files next to it
    module = sys.modules.get(path.stem)
    if module is None:
        return importlib.import_module(path.stem) if _is_importable(path) else _execute(path)
    if _file_of(module) != path.resolve():
        raise SettingsError(f"{str(path)!r} has the name of another module, {path.stem!r}: give the file another name.")
    return module


def _demand_own_neighbours(folder: Path) -> None:
    """Raise `SettingsError` if a file in the folder imports a neighbour, and got a module of another folder.

    Python keeps one module of a name: of two files ``helper.py`` in two folders, the first is imported in both.
    """
    neighbours = {path.stem: path.resolve() for path in folder.glob("*.py")}
    for path in [path for name, path in neighbours.items() if _loaded(name) == path]:
        for name in _imported_by(path) & neighbours.keys():
            other = _loaded(name)
            if other is None or str(other).startswith((*LIBRARIES, _OURS)):
                continue
            if other.read_bytes() != neighbours[name].read_bytes():
                raise SettingsError(
                    f"{_shown(str(path))!r} imports {name!r}, and gets {_shown(str(other))!r}, not its neighbour: "
                    "Python keeps one module of a name. Give one of the two files another name."
                )


def _loaded(name: str) -> Path | None:
    module = sys.modules.get(name)
    return _file_of(module) if module is not None else None


def _imported_by(path: Path) -> set[str]:
    """The first parts of the names that the file imports, anywhere in it."""
    nodes = list(ast.walk(ast.parse(path.read_bytes())))
    imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    imported += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return {name.partition(".")[0] for name in imported}


def _without_file(path: Path) -> str:
    if path.is_dir():
        return f"{str(path)!r} is a folder: name a file in it, or a module, such as `{path.name}.flows` for `flows.py`."
    return f"There is no file {str(path)!r} in {str(Path.cwd())!r}."


def _is_importable(path: Path) -> bool:
    spec = importlib.util.find_spec(path.stem)
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == path.resolve()


def _execute(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _file_of(module: ModuleType) -> Path | None:
    file = getattr(module, "__file__", None)  # code may put any object among the modules
    return Path(file).resolve() if file else None


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _described(error: BaseException) -> str:
    message = str(describe(error)).rstrip(": ")  # an exception may have no message
    if is_a(error, ImportError) and "no known parent package" in message:
        message += "; in a package name the module with its package, such as `package.flows`, and not the file"
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.msg} ({_shown(error.filename)}, line {error.lineno})."
    place = _place(error)
    if place is None:
        return f"{message}. Looked in {str(Path.cwd())!r} and among the installed packages."
    source = linecache.getline(place.filename, place.lineno or 0).strip()
    return f"{message.rstrip('.')} ({_shown(place.filename)}, line {place.lineno}{source and ': ' + source})."


def _place(error: BaseException) -> traceback.FrameSummary | None:
    """The last line of the user's own code in the trace; else the last line of a library or of ours."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_relevant(frame.filename)]
    users = [frame for frame in frames if not frame.filename.startswith((*LIBRARIES, _OURS))]
    return next(reversed(users or frames), None)


def _is_relevant(filename: str) -> bool:
    return not filename.startswith("<frozen") and filename not in (__file__, importlib.__file__)


def _shown(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else filename
