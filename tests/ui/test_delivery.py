"""How the UI is served: its page at every depth, its files for ever, its headers, and what stands there unbuilt."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import ui_build
from spanhouse_collector.api.app import api_app
from spanhouse_collector.api.pages import CACHE_FOREVER, pages_router

INDEX = '<link href="./assets/a-1.css"><script type="module" src="./assets/a-1.js"></script>'


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "assets" / "a-1.js").write_text("let a = 1")
    (tmp_path / "assets" / "a-1.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (tmp_path / "secret.js").write_text("no")
    return tmp_path


def client(assets: Path, origins: tuple[str, ...] = ()) -> TestClient:
    return TestClient(api_app("1", [pages_router(origins, assets)]))


@pytest.mark.parametrize(
    ("path", "above"),
    [("/", "./"), ("/setup", "./"), ("/p/shop/traces", "../../"), ("/t/abc", "../"), ("/embed/trace/abc", "../../")],
)
def test_the_page_names_its_files_relative_to_its_own_address(assets: Path, path: str, above: str) -> None:
    answer = client(assets).get(path)
    assert f'src="{above}assets/a-1.js"' in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_only_pages_of_the_ui_answer_with_html(assets: Path) -> None:
    for path in ("/nothing", "/api/v1/nothing", "/assets/none.js", "/pages"):
        answer = client(assets).get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


def test_files_are_kept_for_ever_and_sent_as_they_were_packed(assets: Path) -> None:
    packed = client(assets).get("/assets/a-1.js", headers={"accept-encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", "let a = 1")
    plain = client(assets).get("/assets/a-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == CACHE_FOREVER
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", ["..%2Fsecret.js", "%2e%2e/secret.js", "a-1.js.gz", ".js", "a-1.exe"])
def test_nothing_but_files_of_the_ui_is_served(assets: Path, name: str) -> None:
    assert client(assets).get(f"/assets/{name}").status_code == 404


def test_every_page_has_a_strict_policy_and_only_the_embedded_one_may_be_framed(assets: Path) -> None:
    asked = client(assets, ("https://notebooks.example.com",))
    policy = asked.get("/p/shop/traces").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'self'")
    embedded = asked.get("/embed/trace/abc").headers["content-security-policy"]
    assert embedded.endswith("frame-ancestors 'self' https://notebooks.example.com")


def test_an_installation_without_the_ui_says_how_to_get_it(tmp_path: Path) -> None:
    answer = client(tmp_path).get("/p/shop/traces")
    assert "make ui" in answer.text
    assert 'href="../../api/openapi.json"' in answer.text


def test_the_build_is_current_until_a_source_changes(tmp_path: Path) -> None:
    shutil.copytree(ui_build.SOURCES / "src" / "lib", tmp_path / ui_build.SOURCES / "src" / "lib")
    assert not ui_build.is_current(tmp_path)
    (tmp_path / ui_build.ASSETS).mkdir(parents=True)
    (tmp_path / ui_build.ASSETS / ui_build.DIGEST_FILE).write_text(ui_build.digest(tmp_path))
    assert ui_build.is_current(tmp_path)
    (tmp_path / ui_build.SOURCES / "node_modules").mkdir()
    (tmp_path / ui_build.SOURCES / "node_modules" / "x.js").write_text("")
    assert ui_build.is_current(tmp_path)
    (tmp_path / ui_build.SOURCES / "src" / "lib" / "new.ts").write_text("")
    assert not ui_build.is_current(tmp_path)
    assert ui_build.requirements(tmp_path) in ([], [ui_build.NODE_REQUIREMENT])
    shutil.rmtree(tmp_path / ui_build.SOURCES)
    assert ui_build.is_current(tmp_path)
