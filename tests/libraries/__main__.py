"""`python -m tests.libraries [library …]`: autolog with real libraries that the tests' environment does not hold.

Owns: which libraries there are, their environments (`.data/libraries/<library>`, made once for the same pins), and
running each program of `programs/` against the mock provider. A program ends with an error when a claim does not hold.
Of the network only the package registry is asked, and only to install.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.clients.mock_provider import MockProvider

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = Path(__file__).with_name("programs")
INSTALLED: Final = ROOT / ".data" / "libraries"
RUN_SECONDS_MAX: Final = 300
_OPENAI: Final = "openinference-instrumentation-openai==0.1.66"
_LITELLM: Final = ("litellm==1.110.2", "openinference-instrumentation-litellm==0.1.51")
PINS: Final = {
    "bedrock": ("boto3==1.44.8", "openinference-instrumentation-bedrock==0.1.61"),
    "crewai": ("crewai==1.15.30", "openinference-instrumentation-crewai==1.1.21", "openai==2.54.0", _OPENAI),
    "dspy": ("dspy==3.4.1", "openinference-instrumentation-dspy==0.1.48", *_LITELLM),
    "google_genai": ("google-genai==3.6.1", "openinference-instrumentation-google-genai==1.4.14"),
    "litellm": (*_LITELLM, _OPENAI),
    "mcp": ("mcp==2.3.0", "openinference-instrumentation-mcp==2.0.13"),
    "openai_agents": ("openai-agents==0.24.0", "openinference-instrumentation-openai-agents==2.6.0", _OPENAI),
}
QUIET: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "true",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "OTEL_TRACES_EXPORTER": "none",
}
"""So that nobody calls home."""


def python_of(library: str) -> Path:
    """The Python of the library's environment, made if need be."""
    folder = INSTALLED / library
    mark, wanted = folder / ".installed", "\n".join(PINS[library])
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        print(f"{library}: installing …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--editable", str(ROOT), *PINS[library]], check=True)
        mark.write_text(wanted, "utf-8")
    return folder / "bin" / "python"


def passes(library: str, provider_url: str) -> bool:
    """Run the library's program; whether all it claims holds."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "SPANHOUSE_"))}
    ran = subprocess.run(
        [str(python_of(library)), str(PROGRAMS / f"{library}_program.py")],
        env={**inherited, **QUIET, "MOCK_PROVIDER_URL": provider_url},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    print(f"{library}: {'passed' if ran.returncode == 0 else 'FAILED'}", flush=True)
    if ran.returncode != 0:
        print(ran.stdout + ran.stderr, flush=True)
    return ran.returncode == 0


def main() -> int:
    """Run the named libraries, or all; 1 if a claim of one does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.libraries", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="library", help=f"those to run, of {', '.join(PINS)}; else all")
    names = parser.parse_args().names
    if unknown := set(names) - set(PINS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with MockProvider() as provider:
        results = [passes(library, provider.url) for library in names or PINS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
