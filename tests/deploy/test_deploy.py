"""deploy/ checked as far as can be without a container engine: files parse, name what exists, and the server's
configuration is loaded by a real ClickHouse, as whose user a real collector migrates and stores.
"""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from spanhouse_collector import config
from tests.builders import make_span, traces
from tests.collector_process import CollectorProcess
from tests.otlp_client import export_grpc
from tests.servers.clickhouse_server import ClickHouseServer

ROOT: Final = Path(__file__).resolve().parents[2]
DEPLOY: Final = ROOT / "deploy"
PASSWORD: Final = "from-the-environment"


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) of the container file, continued lines joined."""
    lines = [line for line in (DEPLOY / "Containerfile").read_text("utf-8").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in joined.splitlines() if line.strip()]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def test_the_container_copies_only_what_exists_and_everything_the_build_needs() -> None:
    copied = {
        source.rstrip("/").removeprefix("./")
        for name, arguments in instructions()
        if name == "COPY" and not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    }
    assert [source for source in copied if not (ROOT / source).exists()] == []
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {Path(package).parts[0] for package in build["packages"]} | set(build["force-include"])
    assert needed | {"pyproject.toml", "README.md", "LICENSE"} <= copied


def test_the_container_installs_an_extra_that_exists_and_runs_as_nobody_special() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    steps = instructions()
    installed = re.search(r"'\.\[(\w+)\]'", next(arguments for name, arguments in steps if "pip install" in arguments))
    assert installed is not None
    assert installed[1] in extras
    assert ("USER", "spanhouse") in steps
    assert next(arguments for name, arguments in steps if name == "CMD") == '["serve"]'


def test_every_variable_of_the_container_and_of_compose_is_a_setting() -> None:
    variables = {setting.env for setting in config.SETTINGS}
    environment = next(arguments for name, arguments in instructions() if name == "ENV")
    named = set(re.findall(r"(SPANHOUSE_\w+)=", environment)) | set(compose()["services"]["collector"]["environment"])
    assert named
    assert named <= variables


def test_the_containers_settings_are_a_valid_configuration() -> None:
    environment = next(arguments for name, arguments in instructions() if name == "ENV")
    values = dict(re.findall(r"(SPANHOUSE_\w+)=(\S+)", environment))
    url = compose()["services"]["collector"]["environment"]["SPANHOUSE_CLICKHOUSE"]
    values["SPANHOUSE_CLICKHOUSE"] = re.sub(r"\$\{[^}]*\}", "secret", url)
    loaded = config.load({}, values)
    assert loaded.clickhouse is not None
    assert (loaded.clickhouse.host, loaded.clickhouse.database) == ("clickhouse", "spanhouse")


def test_compose_publishes_on_loopback_only_and_waits_long_enough_for_a_drain() -> None:
    services = compose()["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    grace = float(services["collector"]["stop_grace_period"].removesuffix("s"))
    assert grace > config.load({}, {}).drain_timeout


def test_compose_mounts_exist_and_its_volumes_are_declared() -> None:
    loaded = compose()
    for service in loaded["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in loaded["volumes"]


@pytest.fixture
def deployed_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClickHouseServer]:
    """A real server with the configuration of deploy/; its user is renamed, the fixture has one of that name."""
    monkeypatch.setenv("SPANHOUSE_CLICKHOUSE_PASSWORD", PASSWORD)
    extra_config = ElementTree.parse(DEPLOY / "clickhouse" / "config.xml").getroot()
    user = ElementTree.parse(DEPLOY / "clickhouse" / "users.xml").getroot().find("users/spanhouse")
    assert user is not None
    user.tag = "deployed"
    # The fixture has none of the default log tables that the file removes.
    kept = [child for child in extra_config if "remove" not in child.attrib]
    with ClickHouseServer(
        tmp_path / "server",
        extra_config="".join(ElementTree.tostring(child, "unicode") for child in kept),
        extra_users=ElementTree.tostring(user, "unicode"),
    ) as server:
        yield server


@pytest.mark.server
def test_the_deployed_user_may_do_what_a_collector_does_and_no_more(
    deployed_server: ClickHouseServer, tmp_path: Path
) -> None:
    url = f"clickhouse://deployed:{PASSWORD}@127.0.0.1:{deployed_server.http_port}/spanhouse"
    with CollectorProcess(tmp_path / "data", clickhouse=url) as collector:
        export_grpc(collector.grpc, traces(make_span("deployed")))
        collector.wait_stored("traces", 1)
        assert collector.terminate() == 0
    assert deployed_server.query("SELECT name FROM spanhouse.spans").strip() == "deployed"
    with pytest.raises(RuntimeError, match="ACCESS_DENIED"):
        deployed_server.query("CREATE TABLE default.mine (a Int8) ENGINE = Memory", user="deployed", password=PASSWORD)
