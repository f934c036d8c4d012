"""MLflow's words for where traces go: an experiment is a project, a tracking URI the collector's address.

Owns: `set_experiment`, `set_tracking_uri`, `get_tracking_uri`, and telling a server of MLflow from a collector.
"""

from __future__ import annotations

import http.client
import re
from typing import Any, Final
from urllib.parse import urlsplit

from spanhouse.errors import InvalidArgument
from spanhouse.faults import FAULTS
from spanhouse.places import Experiment
from spanhouse.provider import STATE, configure
from spanhouse.settings import Settings, from_environment

DEFAULT_PROJECT: Final = "default"
PROJECT_CHARACTERS_MAX: Final = 128
PROBE_TIMEOUT_S: Final = 1.0
_VERSION: Final = re.compile(rb"\d+\.\d+[.\w]*\s*")


def set_experiment(
    experiment_name: str | None = None,
    experiment_id: str | None = None,
    *,
    name: str | None = None,
    trace_location: Any = None,
) -> Experiment:
    """`configure(project=…)`: traces from now on go to the project of this name.

    What a project's name cannot have becomes `-`: `/Users/ann/My app` is the project `Users-ann-My-app`. A number is an
    id of MLflow's and no name; it is passed over with a warning. *trace_location* is MLflow's, and passed over too.

    Raises:
        InvalidArgument: neither a name nor an id, or both.

    """
    experiment_name = name if experiment_name is None else experiment_name
    if (experiment_name is None) == (experiment_id is None):
        raise InvalidArgument("set_experiment() wants the name of an experiment, or its id")
    if trace_location is not None:
        FAULTS.count("settings_ignored")
    named = str(experiment_name if experiment_id is None else experiment_id)
    if experiment_id is not None and named.isdecimal():
        FAULTS.count("settings_ignored")
        FAULTS.warn("set_experiment(experiment_id=%s): name a project, there are no numbers of experiments here", named)
        project = _settings().project or DEFAULT_PROJECT
        return Experiment(project, project)
    project = project_of(named)
    configure(project=project)
    return Experiment(project, named)


def project_of(name: str) -> str:
    """The project that stands for an experiment of this name."""
    words = re.sub("[^A-Za-z0-9._-]+", "-", name[:1_000]).lstrip("._-").rstrip("-")
    return words[:PROJECT_CHARACTERS_MAX] or DEFAULT_PROJECT


def set_tracking_uri(uri: Any) -> None:
    """`configure(endpoint=…)`: the address of a collector, for spans and for reading back.

    Raises:
        InvalidArgument: the address of something else: a server of MLflow, Databricks, a database, a folder.

    """
    url = str(uri or "").strip()
    if not url.lower().startswith(("http://", "https://")):
        raise InvalidArgument(
            f"set_tracking_uri({url!r}): Spanhouse sends to a collector, such as http://127.0.0.1:4318; it has no "
            "tracking server, database or folder of MLflow's"
        )
    version = _mlflow_version(url)
    if version is not None:
        raise InvalidArgument(
            f"set_tracking_uri({url!r}): that is a server of MLflow ({version}), not a collector of Spanhouse; "
            "start one with `spanhouse serve` and name its address"
        )
    configure(endpoint=url.rstrip("/"), api_url=url.rstrip("/"))


def get_tracking_uri() -> str:
    """Where the collector is that is read from, and sent to unless `configure` says otherwise."""
    return _settings().resolved_api_url


def _settings() -> Settings:
    return STATE.runtime.settings if STATE.runtime is not None else from_environment()


def _mlflow_version(url: str) -> str | None:
    """What a server of MLflow says of itself; None for anything else, and where nothing answers yet."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=PROBE_TIMEOUT_S)
        try:
            connection.request("GET", parts.path.rstrip("/") + "/version")
            answer = connection.getresponse()
            body = answer.read(64)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return None
    if answer.status == http.HTTPStatus.OK and _VERSION.fullmatch(body):
        return f"version {body.decode().strip()}"
    return "it asks for a password" if 'realm="mlflow"' in (answer.headers.get("www-authenticate") or "") else None
