"""Rebuild wheels from installed distributions: python3 wheels.py requirements.txt DIR."""

import base64
import csv
import hashlib
import importlib.metadata
import io
import os
import re
import sys
import zipfile


def wheel(name, version, target):
    """Write one wheel with the files that the distribution's RECORD names."""
    found = importlib.metadata.distribution(name)
    if found.version != version:
        sys.exit(f"{name} is installed as {found.version}, not {version}")
    tags = re.findall(r"^Tag: (.+)$", found.read_text("WHEEL"), re.MULTILINE)
    stem = re.sub(r"[-_.]+", "_", name)
    path = os.path.join(target, f"{stem}-{version}-{tags[-1]}.whl")
    record, rows = None, []
    with zipfile.ZipFile(path, "w") as archive:
        for file in found.files:
            text = str(file)
            if text.startswith("..") or text.endswith(".pyc"):
                continue
            if text.endswith("dist-info/RECORD"):
                record = text
                continue
            if os.path.basename(text) in ("INSTALLER", "REQUESTED", "direct_url.json"):
                continue
            with open(found.locate_file(file), "rb") as handle:
                content = handle.read()
            archive.writestr(text, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
            rows.append((text, "sha256=" + digest.decode().rstrip("="), len(content)))
        listing = io.StringIO()
        csv.writer(listing, lineterminator="\n").writerows([*rows, (record, "", "")])
        archive.writestr(record, listing.getvalue())


with open(sys.argv[1], encoding="utf-8") as requirements:
    for line in requirements:
        wheel(*line.strip().split("=="), sys.argv[2])
