"""The quarantine keeps what was set aside, says why, and touches nothing outside its directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.quarantine import Quarantine, Quarantined
from tests.collector.wal.rig import NOW, envelope, framed, request

ID = "traces-000000000001-0000abcd-3"


def why(record_id: str = ID, received: int = NOW) -> Quarantined:
    return Quarantined(record_id, "traces", "p", received, 1, len(framed(1)), 117, "Code: 117. INCORRECT_DATA")


@pytest.fixture
def quarantine(tmp_path: Path) -> Quarantine:
    (tmp_path / "quarantine").mkdir()
    return Quarantine(tmp_path / "quarantine", Disk())


def test_a_record_is_kept_listed_read_back_and_removed(quarantine: Quarantine, tmp_path: Path) -> None:
    assert quarantine.put(why(), framed(1))
    assert quarantine.list() == [why()]
    found = Quarantine(tmp_path / "quarantine", Disk()).read(ID)
    assert found is not None
    assert found[0].envelope == envelope(1)
    assert found[1] == request(1)
    quarantine.remove(ID)
    assert quarantine.list() == []
    assert quarantine.read(ID) is None
    quarantine.remove(ID)


def test_the_same_record_again_is_not_new(quarantine: Quarantine) -> None:
    assert quarantine.put(why(), framed(1))
    assert not quarantine.put(why(), framed(1))
    assert quarantine.list() == [why()]


def test_records_are_listed_oldest_first(quarantine: Quarantine) -> None:
    ids = [f"traces-00000000000{number}-0000abcd-0" for number in range(3)]
    for record_id, age in zip(ids, (2, 0, 1), strict=True):
        quarantine.put(why(record_id, NOW - age), framed(1))
    assert [record.id for record in quarantine.list()] == [ids[0], ids[2], ids[1]]


@pytest.mark.parametrize(
    "hostile",
    [
        "../secret",
        "..",
        "",
        "/spanhouse-probe",
        "traces-000000000001-0000abcd-3/../../secret",
        "a" * 5000,
        ID + "\0",
        ID + "\n",
    ],
)
def test_an_id_that_is_none_reaches_no_file(quarantine: Quarantine, tmp_path: Path, hostile: str) -> None:
    secret = tmp_path / "secret.binpb"
    secret.write_bytes(framed(1))
    assert quarantine.read(hostile) is None
    quarantine.remove(hostile)
    assert secret.exists()


def test_a_damaged_reason_hides_neither_its_record_nor_the_others(quarantine: Quarantine, tmp_path: Path) -> None:
    other = "traces-000000000002-0000abcd-0"
    quarantine.put(why(), framed(1))
    quarantine.put(why(other), framed(2))
    for content in (b"", b"[]", b'{"id": 1}', b'{"from": "the future"}'):
        (tmp_path / "quarantine" / f"{ID}.json").write_bytes(content)
        listed = {record.id: record for record in quarantine.list()}
        assert set(listed) == {ID, other}
        assert (listed[ID].project, listed[ID].item_count) == ("p", 1)
        assert "damaged" in listed[ID].error


def test_a_damaged_record_is_not_sent_again(quarantine: Quarantine, tmp_path: Path) -> None:
    quarantine.put(why(), framed(1)[:-1])
    assert quarantine.read(ID) is None


def test_a_reason_without_its_record_is_one_that_was_being_removed(quarantine: Quarantine, tmp_path: Path) -> None:
    quarantine.put(why(), framed(1))
    (tmp_path / "quarantine" / f"{ID}.binpb").unlink()
    assert quarantine.list() == []
