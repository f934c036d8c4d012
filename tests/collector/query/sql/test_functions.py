"""The list of functions: complete in one direction, closed in the other."""

from __future__ import annotations

import pytest

from spanhouse_collector.query.sql.functions import TABLE_FUNCTIONS, allowed_names, is_allowed
from tests.engines import Host

# Functions of the engine that reach files, the network, the server's state, other people's queries or time.
DANGEROUS = [
    "file",
    "url",
    "s3",
    "remote",
    "dictGet",
    "dictGetOrDefault",
    "joinGet",
    "sleep",
    "sleepEachRow",
    "getSetting",
    "getServerSetting",
    "getMacro",
    "hostName",
    "FQDN",
    "currentUser",
    "queryID",
    "currentProfiles",
    "addressToLine",
    "demangle",
    "logTrace",
    "evalMLMethod",
    "aiGenerate",
    "formatRow",
    "showCertificate",
    "hasColumnInTable",
    "getClientHTTPHeader",
    "filesystemAvailable",
    "generateSerialID",
    "zookeeperSessionUptime",
]


@pytest.mark.parametrize("name", DANGEROUS)
def test_dangerous_functions_are_not_on_the_list_in_any_case(name: str) -> None:
    assert not is_allowed(name)
    assert not is_allowed(name.upper())
    assert not is_allowed(f"{name}If")
    assert not is_allowed(f"{name}ArrayOrNull")


@pytest.mark.parametrize("name", ["sumIf", "SUMIF", "uniqArrayOrNull", "quantileExactWeightedIf", "countMergeState"])
def test_combinators_are_allowed_on_aggregate_functions(name: str) -> None:
    assert is_allowed(name)


@pytest.mark.parametrize("name", ["lengthIf", "If", "fileIf", "nosuch", "", "countIfIfIfIfIfIf"])
def test_combinators_make_nothing_else_allowed(name: str) -> None:
    assert is_allowed(name) == (name == "If")  # if() in any case


@pytest.mark.parametrize("host", ["embedded"], indirect=True)  # the list was made from it; the server is older
def test_every_name_of_the_list_is_a_function_of_the_engine(host: Host) -> None:
    connection = host.engine("default").connect()
    known = {str(name).lower() for (name,) in connection.query("SELECT name FROM system.functions").rows}
    connection.close()
    parts_of_the_language = {"lambda", "exists", "countdistinct", "untuple", "grouping", "casewithoutexpression"}
    assert allowed_names() - known <= parts_of_the_language


def test_no_allowed_function_is_a_table_function_that_reaches_out(host: Host) -> None:
    """The right side of IN may be a table function, which the syntax tree shows like any other function."""
    connection = host.engine("default").connect()
    reaching = {str(name).lower() for (name,) in connection.query("SELECT name FROM system.table_functions").rows}
    connection.close()
    assert allowed_names() & (reaching - TABLE_FUNCTIONS) <= {"format"}  # of literals, in both senses
