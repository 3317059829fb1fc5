"""`mcp`: the commands as tools for programs that speak the Model Context Protocol, over stdin and stdout.

`TOOLS` says which commands become tools; what a tool takes is derived from the command's own arguments and
options, and what it answers is what the command prints with --json. Tools only read, unless --allow-train.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from selfsup_core import __version__
from selfsup_core.cli.output import Workspace, place
from selfsup_core.errors import ErrorAbout, SettingError, StudioError
from selfsup_core.files import disk_error

EVERYWHERE = ("workspace", "as_json")  # set by the server, not by who asks
CALLING = threading.Lock()  # what a command prints is caught for the whole process


@dataclass(frozen=True)
class Tool:
    """A command as a tool.

    Attributes:
        words: the command. changes: whether it trains, or changes or writes anything.
        without: parameters that are not offered: they would write files, or take other commands' place.
        fixed: options that are always given.
    """

    words: str
    changes: bool = False
    without: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.words.replace(" ", "_").replace("-", "_")


TOOLS = (
    Tool("presets"),
    Tool("settings"),
    Tool("glossary"),
    Tool("data list"),
    Tool("data show"),
    Tool("runs list"),
    Tool("runs show"),
    Tool("runs say"),
    Tool("runs metrics", without=("out",)),
    Tool("runs compare"),
    Tool("runs tree"),
    Tool("runs card", without=("out", "text", "epoch")),
    Tool("predict", without=("out",)),
    Tool("train", changes=True, without=("wait", "splits", "owner"), fixed=("--no-wait",)),
    Tool("runs branch", changes=True, without=("wait",)),
    Tool("runs pause", changes=True),
    Tool("runs resume", changes=True),
    Tool("runs stop", changes=True),
    Tool("runs rename", changes=True),
    Tool("runs note", changes=True),
    Tool("runs tag", changes=True),
    Tool("runs report", changes=True),
    Tool("runs figures", changes=True),
    Tool("runs animate", changes=True),
    Tool("runs pack", changes=True),
)


@dataclass(frozen=True)
class Offered:
    """A tool with the command that it calls."""

    tool: Tool
    command: Any

    @property
    def parameters(self) -> list[Any]:
        hidden = (*EVERYWHERE, *self.tool.without, "help")
        return [one for one in self.command.params if one.name not in hidden]

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": {one.name: schema_of(one) for one in self.parameters},
            "required": [one.name for one in self.parameters if one.required],
            "additionalProperties": False,
        }

    def arguments(self, given: Mapping[str, Any], workspace: Path) -> list[str]:
        """The command line. Raises SettingError: a name is unknown, or a value of the wrong kind."""
        known = {one.name: one for one in self.parameters}
        for name in given:
            if name not in known:
                raise SettingError(f"There is no argument {name!r}. Known: {', '.join(known)}.")
        options, values = list(self.tool.fixed), list[str]()
        for name, one in known.items():
            if name in given and given[name] is not None:
                into = options if is_option(one) else values
                into += list(words_of(one, given[name]))
        takes = {one.name for one in self.command.params}
        options += ["--json"] if "as_json" in takes else []
        options += [f"--workspace={workspace}"] if "workspace" in takes else []
        # What stands behind -- is never taken for an option.
        return [*self.tool.words.split(), *options, "--", *values]


def schema_of(parameter: Any) -> dict[str, Any]:
    """What one argument or option takes."""
    kind = kind_of(parameter)
    schema: dict[str, Any] = {"type": kind}
    for name, bound in (("minimum", parameter.min), ("maximum", parameter.max)):
        if bound is not None:
            schema[name] = bound
    if takes_many(parameter):
        schema = {"type": "array", "items": schema}
    if parameter.help:
        schema["description"] = parameter.help
    if kind == "boolean":
        schema["default"] = bool(parameter.default)
    return schema


def kind_of(parameter: Any) -> str:
    """The JSON type of one value."""
    annotation = parameter.type_descriptor.annotation
    one = get_args(annotation)[0] if get_origin(annotation) is list else annotation
    return {int: "integer", float: "number", bool: "boolean"}.get(one, "string")


def takes_many(parameter: Any) -> bool:
    return get_origin(parameter.type_descriptor.annotation) is list


def is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def words_of(parameter: Any, value: Any) -> Iterator[str]:
    """The words of one argument or option on a command line. Raises SettingError: it is of another kind."""
    expected = schema_of(parameter)
    if (expected["type"] == "array") != isinstance(value, list):
        raise SettingError(f"{parameter.name} takes {expected['type']}; found {type(value).__name__}.")
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, str | int | float):
            raise SettingError(f"{parameter.name} takes {kind_of(parameter)}; found {type(one).__name__}.")
        if not is_option(parameter):
            yield str(one)
        elif kind_of(parameter) == "boolean":
            names = parameter.opts if one is True else parameter.secondary_opts
            yield from names[:1]
        else:
            yield f"{parameter.opts[0]}={one}"


def offered(root: Any, *, allow_train: bool) -> dict[str, Offered]:
    """The tools by name, with the commands of a command line."""
    found = {}
    for tool in TOOLS:
        if tool.changes and not allow_train:
            continue
        command = root
        for word in tool.words.split():
            command = command.commands[word]
        found[tool.name] = Offered(tool, command)
    return found


def call(root: Any, words: Sequence[str]) -> tuple[Any, ErrorAbout | None]:
    """What a command prints as JSON, or its error; nothing of it reaches the real stdout."""
    out, err = io.StringIO(), io.StringIO()
    with CALLING, redirect_stdout(out), redirect_stderr(err):
        try:
            root.main(args=list(words), prog_name="selfsup_core", standalone_mode=False)
        except StudioError as error:
            return None, error.as_dict()
        except OSError as error:
            return None, disk_error(error).as_dict()
        except SystemExit as left:
            if left.code:
                return None, failed(err.getvalue())
        except Exception as error:
            if not hasattr(error, "format_message"):  # what the command line's own library says of bad usage
                raise
            return None, failed(error.format_message(), "bad-usage")
    text = out.getvalue()
    try:
        return json.loads(text), None
    except ValueError:
        return {"text": text.strip()}, None


def failed(text: str, code: str = "failed") -> ErrorAbout:
    return {"code": code, "message": text.strip()[-1000:] or "The command failed.", "remedy": ""}


def build_server(root: Any, workspace: Path, *, allow_train: bool) -> Any:
    """A server of the official SDK. Raises StudioError: it is not installed."""
    try:
        import anyio
        import mcp_types as types
        from mcp.server.lowlevel import Server
    except ImportError as error:
        raise StudioError(
            "The Model Context Protocol needs the package mcp, which is not installed.",
            code="missing-package",
            remedy="Install it with `pip install -r requirements-mcp.txt`.",
        ) from error
    tools = offered(root, allow_train=allow_train)

    async def list_tools(context: Any, params: Any) -> Any:
        return types.ListToolsResult(
            tools=[
                types.Tool(
                    name=name,
                    description=(one.command.help or "").strip(),
                    input_schema=one.schema(),
                    annotations=types.ToolAnnotations(
                        read_only_hint=not one.tool.changes, destructive_hint=False, open_world_hint=False
                    ),
                )
                for name, one in tools.items()
            ]
        )

    async def call_tool(context: Any, params: Any) -> Any:
        found, error = await anyio.to_thread.run_sync(answer, tools, params.name, params.arguments or {})
        content: Any = {"error": error} if error else found if isinstance(found, dict) else {"result": found}
        text = json.dumps(content, ensure_ascii=False)
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=text)],
            structured_content=content,
            is_error=error is not None,
        )

    def answer(
        tools: dict[str, Offered], name: str, given: Mapping[str, Any]
    ) -> tuple[Any, ErrorAbout | None]:
        if name not in tools:
            hint = "Start the server with --allow-train for tools that change something."
            return None, {"code": "no-tool", "message": f"There is no tool {name!r}.", "remedy": hint}
        try:
            return call(root, tools[name].arguments(given, workspace))
        except StudioError as error:
            return None, error.as_dict()

    return Server(
        "selfsup-studio",
        version=__version__,
        instructions="Runs of self-supervised learning: list, inspect, compare, use; where allowed, train.",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def mcp_command(
    context: typer.Context,
    allow_train: Annotated[
        bool,
        typer.Option("--allow-train", help="Also tools that train, or change or write something."),
    ] = False,
    workspace: Workspace = None,
) -> None:
    """Serve the commands to an agent by the Model Context Protocol, over stdin and stdout."""
    server = build_server(context.find_root().command, place(workspace), allow_train=allow_train)
    import anyio
    from mcp.server.stdio import stdio_server

    async def run() -> None:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())

    anyio.run(run)
