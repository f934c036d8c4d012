"""What the routes that write about traces share: whose project it is, and their ids.

Owns that a key's project counts before one that the request names, and that before the header.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from pydantic import Field
from starlette.requests import Request

from spanhouse_collector.api.key_guard import check_project
from spanhouse_collector.api.sql_reply import Access
from spanhouse_collector.otlp import project as projects

PROJECT_PATTERN: Final = f"^$|{projects.PATTERN}"
ProjectParameter = Annotated[
    str,
    Query(
        pattern=PROJECT_PATTERN, description=f"The trace's project; else header `{projects.HEADER}`, else who has it"
    ),
]
OptionalSpanId = Annotated[str, Field(pattern="^$|^[0-9a-fA-F]{16}$", description="Of a span; empty for the trace")]


def project_of(request: Request, access: Access, named: str) -> str:
    """The project that a request is about; '' when nothing says.

    Raises:
        SpanhouseError: the request names a project that is not the key's, or the header nothing that may be one.

    """
    bound = access.project_of(request)
    asked = named or projects.from_header(request.headers.get(projects.HEADER))
    check_project(bound, asked)
    return bound or asked
