"""Automatic tracing of libraries, by the instrumentors that others keep.

Owns: finding the installed instrumentors by their entry points, switching them on and off, at most one per library.
The shim patches nothing itself.
"""

from __future__ import annotations

import threading
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Any, Final

from spanhouse.duplicates import NATIVE_SCOPES, Duplicates
from spanhouse.faults import FAULTS
from spanhouse.libraries import ALIASES, FRAMEWORKS, LIBRARIES, package_of
from spanhouse.provider import runtime

GROUPS: Final = ("opentelemetry_instrumentor", "openinference_instrumentor")


class _Active:
    """The instrumentors that are on because of us."""

    by_library: dict[str, Any] = {}  # noqa: RUF012 - one per process, under the lock
    lock = threading.Lock()


def autolog(*libraries: str, disable: bool = False, log_traces: bool = True, **options: Any) -> list[str]:
    """Trace every GenAI library whose instrumentor is installed, or only those named; the names of those traced.

    *options* go to the instrumentor of each. `disable=True` (or MLflow's `log_traces=False`) undoes it. A library that
    was named and has no instrumentor is told in the log, with the extra that installs one.
    """
    wanted = [ALIASES.get(name, name) for name in libraries] or list(LIBRARIES)
    if disable or not log_traces:
        _disable(wanted)
        return []
    try:
        installed = installed_instrumentors()
    except Exception as error:  # noqa: BLE001 - broken metadata of some package
        FAULTS.swallowed("autolog", error)
        return []
    traced = [name for name in wanted if _enable(name, installed, is_named=bool(libraries), options=options)]
    _watch_for_duplicates()
    return traced


def _watch_for_duplicates() -> None:
    current = runtime()
    if current is None:
        return
    active = set(_Active.by_library)
    providers = [scope for name in active if name not in FRAMEWORKS for scope in LIBRARIES[name]]
    frameworks = [scope for name in active if name in FRAMEWORKS for scope in LIBRARIES[name]]
    layers = (NATIVE_SCOPES, tuple(providers), tuple(frameworks))
    current.processor.duplicates = Duplicates(*layers) if active else None


def installed_instrumentors() -> dict[str, EntryPoint]:
    """The instrumentors of this environment by the package of their module."""
    found: dict[str, EntryPoint] = {}
    for group in GROUPS:
        for entry_point in entry_points(group=group):
            found.setdefault(entry_point.module, entry_point)
    return found


def _enable(library: str, installed: dict[str, EntryPoint], *, is_named: bool, options: dict[str, Any]) -> bool:
    with _Active.lock:
        if library in _Active.by_library:
            return True
        entry_point = _chosen(library, installed)
        if entry_point is None:
            if is_named:
                FAULTS.count("autolog_not_installed")
                FAULTS.warn("no instrumentor for %s: pip install %s", library, package_of(library))
            return False
        current = runtime()
        if current is None:
            return False
        try:
            instrumentor = entry_point.load()()
            if getattr(instrumentor, "is_instrumented_by_opentelemetry", False):
                return True  # somebody else's, and so is its end
            instrumentor.instrument(tracer_provider=current.provider, **options)
            if getattr(instrumentor, "is_instrumented_by_opentelemetry", True):
                _Active.by_library[library] = instrumentor
                return True
        except Exception as error:  # noqa: BLE001 - an instrumentor that does not fit its library
            FAULTS.swallowed(f"autolog of {library}", error)
        return False


def _chosen(library: str, installed: dict[str, EntryPoint]) -> EntryPoint | None:
    for module in LIBRARIES.get(library, ()):
        for known, entry_point in installed.items():
            if known == module or known.startswith(module + "."):
                return entry_point
        if find_spec_safely(module) is not None:  # installed without an entry point
            return EntryPoint(library, f"{module}:{_class_name(module)}", GROUPS[0])
    return None


def find_spec_safely(module: str) -> Any:
    """`find_spec` that answers None where a parent package is missing."""
    try:
        return find_spec(module)
    except (ImportError, ValueError):
        return None


def _class_name(module: str) -> str:
    words = module.rpartition(".")[2].split("_")
    return "".join(word.capitalize() for word in words) + "Instrumentor"


def _disable(libraries: list[str]) -> None:
    with _Active.lock:
        for library in libraries:
            instrumentor = _Active.by_library.pop(library, None)
            if instrumentor is None:
                continue
            try:
                instrumentor.uninstrument()
            except Exception as error:  # noqa: BLE001 - an instrumentor's own fault
                FAULTS.swallowed(f"autolog of {library}", error)
    _watch_for_duplicates()


class Library:
    """The namespace of one library: `spanhouse.openai.autolog()`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<spanhouse.{self._name}>"

    def autolog(self, *, disable: bool = False, log_traces: bool = True, **options: Any) -> bool:
        """Trace this library; whether it is traced now."""
        return bool(autolog(self._name, disable=disable, log_traces=log_traces, **options))
