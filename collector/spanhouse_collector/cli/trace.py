"""`spanhouse trace`: one trace as a tree.

Owns the tree: what a line says, and folding. A large trace is folded where siblings of one name follow each other; what
failed is never folded away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import click
from rich.cells import cell_len
from rich.text import Text
from rich.tree import Tree

from spanhouse_collector.cli.client import PAGE_MAX, Client, project_option, url_option
from spanhouse_collector.cli.console import WRONG_USAGE, fail
from spanhouse_collector.cli.show import STYLES, console, count, counted, dollars, duration, moment, plain
from spanhouse_collector.cli.terminal import json_line

LARGE_SPANS: Final = 60  # from here on a trace is folded
RUN_SHOWN: Final = 2  # of siblings with one name
RUN_FOLDED_MIN: Final = 3
LINES_MAX: Final = 400
ERROR: Final = "ERROR"
TRACE_ID: Final = re.compile("(tr-)?[0-9a-fA-F]{4,32}")


@dataclass
class _Node:
    span: Mapping[str, Any]
    children: list[_Node] = field(default_factory=list)

    def all(self) -> Iterator[_Node]:
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    @property
    def failed(self) -> bool:
        return bool(self.span["state"] == ERROR)

    @property
    def has_error(self) -> bool:
        return any(node.failed for node in self.all())


@click.command(short_help="Show a trace as a tree.")
@click.argument("trace_id")
@project_option
@click.option("--full", is_flag=True, help="Fold nothing.")
@click.option("--json", "as_json", is_flag=True, help="The whole trace, with its content, as one line of JSON.")
@url_option
def trace(trace_id: str, project: str, full: bool, as_json: bool, url: str) -> None:
    """Show a trace as a tree with times, tokens, costs and errors.

    Of TRACE_ID its first digits are enough, as long as no other trace begins with them.

    Exit codes: 0 for an answer, 1 when there is no such trace or the collector fails, 2 for wrong usage.
    """
    if not TRACE_ID.fullmatch(trace_id):
        fail(
            WRONG_USAGE,
            f"{plain(trace_id, 60)} is no trace id",
            "that is 32 hexadecimal digits, or the first 4 or more of them; `spanhouse search` shows them",
        )
    if as_json:
        json_line(Client(url).get(f"/api/v1/traces/{quote(trace_id, safe='')}", project=project))
        return
    show_trace(Client(url), trace_id, project, full=full)


def show_trace(client: Client, trace_id: str, project: str = "", *, full: bool = False) -> None:
    """Print a trace as a tree; leaves when there is no such trace."""
    answer = client.get(f"/api/v1/traces/{quote(trace_id, safe='')}", project=project, payload="false")
    _print(answer, _errors(client, answer["info"]), full=full)


def _errors(client: Client, info: Mapping[str, Any]) -> dict[str, str]:
    """Span id → what went wrong, of as many spans as one page has."""
    if not info["error_count"]:
        return {}
    text = f"trace_id = '{info['trace_id']}' AND is_error = true"
    found = client.get("/api/v1/spans", filter=text, project=info["project"], limit=PAGE_MAX)["spans"]
    told = {span["span_id"]: ": ".join(filter(None, (span["error_type"], span["status_message"]))) for span in found}
    return {span_id: plain(text, 100) for span_id, text in told.items()}


def _print(answer: Mapping[str, Any], errors: Mapping[str, str], *, full: bool) -> None:
    info, spans = answer["info"], answer["spans"]
    out = console()
    for line in _headline(info, out.width):
        out.print(line)
    roots = _nodes(spans)
    fold = not full and len(spans) > LARGE_SPANS
    tree = Tree("", hide_root=True, guide_style="dim")
    lines = _Lines(info["start_time_unix_nano"], errors, fold, LINES_MAX if fold else None)
    lines.add(tree, roots)
    out.print(tree)
    for missing in answer["missing_parents"]:
        out.print(
            Text(f"missing parent {missing['span_id']} of {counted(len(missing['child_span_ids']), 'span')}", "yellow")
        )
    if lines.hidden:
        out.print(Text(f"{count(lines.hidden)} of {count(len(spans))} spans are folded: --full shows all", "dim"))


def _headline(info: Mapping[str, Any], width: int) -> list[Text]:
    """Its name and state, and below what else there is to say of it; a fact is not broken over two lines."""
    lines = [Text().append(plain(info["name"], 80), "bold").append(f"  {info['state']}", STYLES.get(info["state"], ""))]
    facts = [
        duration(info["duration_ns"]),
        counted(info["span_count"], "span"),
        counted(info["error_count"], "error") if info["error_count"] else "",
        f"{count(info['input_tokens'])} → {count(info['output_tokens'])} tokens" if info["total_tokens"] else "",
        dollars(info["cost_usd"]),
        plain(", ".join(info["models"]), 80),
        moment(info["start_time_unix_nano"]) + " UTC",
        f"project {plain(info['project'])}",
        f"session {plain(info['session_id'], 40)}" if info["session_id"] else "",
        f"user {plain(info['user_id'], 40)}" if info["user_id"] else "",
    ]
    below = Text(style="dim")
    for fact in filter(None, facts):
        if below and below.cell_len + cell_len(fact) + 3 > width:
            lines.append(below)
            below = Text(style="dim")
        below.append(f" · {fact}" if below else fact)
    return [*lines, below]


def _nodes(spans: Sequence[Mapping[str, Any]]) -> list[_Node]:
    """Spans stand parents first, each with its depth."""
    roots: list[_Node] = []
    path: list[_Node] = []
    for span in spans:
        node = _Node(span)
        del path[span["depth"] :]
        (path[-1].children if path else roots).append(node)
        path.append(node)
    return roots


@dataclass
class _Lines:
    """Puts nodes into a tree."""

    start_unix_nano: int
    errors: Mapping[str, str]
    fold: bool
    left: int | None  # lines to come
    hidden: int = 0

    def add(self, tree: Tree, nodes: Sequence[_Node]) -> None:
        """Add siblings, and what is below them, without recursion: traces can be deep."""
        waiting: list[tuple[Tree, list[_Node | list[_Node]]]] = [(tree, self._runs(nodes))]
        while waiting:
            below, items = waiting[-1]
            if not items:
                waiting.pop()
                continue
            item = items.pop(0)
            if isinstance(item, list):
                self.hidden += sum(1 for node in item for _each in node.all())
                total = sum(node.span["duration_ns"] for node in item)
                name = plain(item[0].span["name"], 60)
                below.add(Text(f"… {count(len(item))} more {name}  {duration(total)} together", "dim"))
            elif self.left == 0 and not item.has_error:
                self.hidden += sum(1 for _each in item.all())
            else:
                if self.left:
                    self.left -= 1
                waiting.append((below.add(self._line(item.span)), self._runs(item.children)))

    def _runs(self, nodes: Sequence[_Node]) -> list[_Node | list[_Node]]:
        """The nodes, with what is to be folded in lists."""
        if not self.fold:
            return list(nodes)
        found: list[_Node | list[_Node]] = []
        at = 0
        while at < len(nodes):
            end = at
            while end < len(nodes) and nodes[end].span["name"] == nodes[at].span["name"]:
                end += 1
            run = list(nodes[at:end])
            quiet = [node for node in run[RUN_SHOWN:] if not node.has_error]
            if len(quiet) >= RUN_FOLDED_MIN:
                found += [*run[:RUN_SHOWN], *(node for node in run[RUN_SHOWN:] if node.has_error), quiet]
            else:
                found += run
            at = end
        return found

    def _line(self, span: Mapping[str, Any]) -> Text:
        line = Text().append(plain(span["name"], 80), "bold red" if span["state"] == ERROR else "bold")
        kind = span["span_type"] if span["span_type"] != "UNKNOWN" else span["kind"]
        line.append(f"  {kind}", "cyan")
        line.append(f"  {duration(span['duration_ns']) if span['end_time_unix_nano'] else 'in progress'}")
        line.append(f"  +{duration(max(0, span['start_time_unix_nano'] - self.start_unix_nano))}", "dim")
        if span["model"]:
            line.append(f"  {plain(span['model'], 40)}", "magenta")
        if span["input_tokens"] is not None or span["output_tokens"] is not None:
            counted = "" if span["usage_scope"] == "own" else f" ({span['usage_scope']})"
            line.append(f"  {count(span['input_tokens'] or 0)} → {count(span['output_tokens'] or 0)}{counted}", "blue")
        if span["cost_usd"] is not None and span["usage_scope"] == "own":
            line.append(f"  {dollars(span['cost_usd'])}", "green")
        if span["state"] == ERROR:
            line.append(f"  {self.errors.get(span['span_id']) or ERROR}", "red")
        return line
