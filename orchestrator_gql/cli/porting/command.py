"""The command `port`: rewrites all files of a folder, shows or writes the changes, and lists what is left."""

import ast
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from difflib import SequenceMatcher, unified_diff
from pathlib import Path

import libcst as cst

from orchestrator_gql.cli.failure import DECLINED, DONE
from orchestrator_gql.cli.porting.advice import Finding
from orchestrator_gql.cli.porting.files import python_files, write_all
from orchestrator_gql.cli.porting.project import project_of, tree_of
from orchestrator_gql.cli.porting.remaining import remaining
from orchestrator_gql.cli.porting.rewriting import rewritten
from orchestrator_gql.cli.terminal import printable


@dataclass(frozen=True, slots=True)
class Ported:
    """What the command found: the files before and after, what is left to do, and which files nobody needs any more."""

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    findings: tuple[Finding, ...]
    obsolete: tuple[str, ...]


def port(folder: Path, *, is_written: bool, is_json: bool) -> int:
    """Port the folder; 0 if nothing is left to do by hand. Raises `SettingsError` for a folder that cannot be used."""
    ported = ported_folder(python_files(folder), are_lines_new=is_written)
    if is_written:
        write_all(folder, ported.before, ported.after)
    if is_json:
        print(json.dumps(_as_json(ported, is_written=is_written), ensure_ascii=False))
    else:
        sys.stdout.writelines(f"{line}\n" for line in (_written(ported) if is_written else _diff(ported)))
        sys.stdout.flush()
        print("\n".join(_left(ported)), file=sys.stderr)
    return DECLINED if ported.findings else DONE


def ported_folder(files: Mapping[str, bytes], *, are_lines_new: bool) -> Ported:
    """Compute every change of the files, and what is left; the lines are those of the new files or of the old ones."""
    findings, trees = list[Finding](), dict[str, ast.Module]()
    for path, source in files.items():
        try:
            trees[path] = tree_of(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            findings.append(_unparsed(path, error))
    project = project_of(trees)
    findings += project.findings if not are_lines_new else []
    after = dict[str, bytes]()
    for path in trees:
        source = files[path]
        if path in project.obsolete:
            continue
        try:
            new = rewritten(source, project)
            left = remaining(path, new, project.subscription_classes)
        except (cst.ParserSyntaxError, RecursionError, UnicodeError) as error:
            findings.append(_unparsed(path, error))
            continue
        if new != source:
            after[path] = new
        findings += left if are_lines_new else _moved(left, new, source)
        if are_lines_new:
            findings += _moved([each for each in project.findings if each.path == path], source, new)
    if are_lines_new:
        findings += [each for each in project.findings if each.path in project.obsolete]
    return Ported(files, after, tuple(sorted(set(findings))), tuple(sorted(project.obsolete)))


def _unparsed(path: str, error: Exception) -> Finding:
    line = error.lineno or 1 if isinstance(error, SyntaxError) else 1
    why = f"Python cannot read the file: {printable(str(error).partition(chr(10))[0])}"
    return Finding(path, line, "the whole file", why, "correct it, and port again")


def _moved(findings: Iterable[Finding], here: bytes, there: bytes) -> Iterator[Finding]:
    """The findings with the lines of another version of the file."""
    findings = list(findings)
    if not findings or here == there:
        yield from findings
        return
    old, new = here.splitlines(), there.splitlines()
    parts = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for each in findings:
        for _, first, end, start, stop in parts:
            if first < each.line <= end:
                yield replace(each, line=min(start + each.line - first, max(stop, start + 1)))


def _diff(ported: Ported) -> Iterator[str]:
    for path, new in ported.after.items():
        old_lines, new_lines = _lines(ported.before[path]), _lines(new)
        yield from unified_diff(old_lines, new_lines, f"a/{path}", f"b/{path}", lineterm="")


def _lines(source: bytes) -> list[str]:
    encoding = cst.parse_module(source).encoding
    return source.decode(encoding).splitlines()


def _written(ported: Ported) -> Iterator[str]:
    yield from ported.after


def _left(ported: Ported) -> Iterator[str]:
    """What is left to do: for each reason what to write instead, and below it the lines."""
    reasons = dict[tuple[str, str], dict[tuple[str, str], list[int]]]()
    for each in ported.findings:
        places = reasons.setdefault((each.why, each.instead), {})
        places.setdefault((each.path, each.what), []).append(each.line)
    for (why, instead), places in reasons.items():
        yield f"{why[:1].upper()}{why[1:]}: {instead}."
        for (path, what), lines in places.items():
            yield f"  {printable(path)}:{', '.join(map(str, lines))}  {printable(what)}"
    if ported.obsolete:
        yield "The products are in the code now, so nothing needs these files any more:"
        yield from (f"  {printable(path)}" for path in ported.obsolete)
    lines_left = len({(each.path, each.line) for each in ported.findings})
    yield f"{len(ported.after)} of {len(ported.before)} files change; {lines_left} lines are left to do by hand."


def _as_json(ported: Ported, *, is_written: bool) -> dict[str, object]:
    return {
        "written": is_written,
        "files": list(ported.after),
        "left": [asdict(each) for each in ported.findings],
        "obsolete": list(ported.obsolete),
    }
