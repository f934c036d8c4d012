"""MLflow's own arguments of `search_traces`.

Owns: `SearchArguments`, and what each becomes here: one place is a project, a run or a model a clause of the filter;
`extract_fields` is `extracted_fields`'. What has no meaning is passed over with one warning that says what to use, so
that a program written for MLflow runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict


class SearchArguments(TypedDict, total=False):
    """Arguments that MLflow has and `search_traces` has not; None is as good as nothing."""

    locations: Sequence[Any] | str | None
    experiment_ids: Sequence[Any] | str | None
    experiment_names: Sequence[Any] | str | None
    run_id: str | None
    model_id: str | None
    extract_fields: Sequence[str] | None
    sql_warehouse_id: str | None
    page_token: str | None


_PLACES: Final = ("locations", "experiment_ids", "experiment_names")
_CLAUSES: Final = {"run_id": "metadata.mlflow.sourceRun", "model_id": "metadata.mlflow.modelId"}
_INSTEAD: Final = {
    **dict.fromkeys(_PLACES, "name one project with project="),
    "sql_warehouse_id": "there are no warehouses",
    "page_token": "max_results= pages by itself",
}


def as_ours(given: Mapping[str, Any], project: str | None, filter_string: str | None) -> tuple[str | None, str | None]:
    """The project and the filter that say what MLflow's arguments say.

    Raises:
        TypeError: an argument that is not MLflow's either.

    """
    unknown = given.keys() - SearchArguments.__annotations__.keys()
    if unknown:
        raise TypeError(f"search_traces() got an unexpected keyword argument {min(unknown)!r}")
    said = {name: value for name, value in given.items() if value is not None and name != "extract_fields"}
    clauses = [f"{column} = {quoted(said.pop(name))}" for name, column in _CLAUSES.items() if name in said]
    if clauses:
        filter_string = " AND ".join([f"({filter_string})"] * bool(filter_string) + clauses)
    for name in _PLACES:
        place = _one_project(said.get(name))
        if project is None and place is not None:
            project = place
            del said[name]
    if said:
        advice = "; ".join(f"{name}: {_INSTEAD[name]}" for name in said)
        warnings.warn(f"search_traces() passes over arguments of MLflow ({advice})", UserWarning, stacklevel=3)
    return project, filter_string


def _one_project(places: Any) -> str | None:
    """The one name among *places*; digits are the id of an experiment of MLflow, and no name."""
    listed = [places] if isinstance(places, str) else list(places or ())
    if len(listed) != 1 or not isinstance(listed[0], str) or listed[0].isdecimal():
        return None
    return listed[0] or None


def quoted(text: object) -> str:
    """*text* as a value of a filter."""
    return "'" + str(text).replace("'", "''") + "'"
