"""Pins of the content of the distributions that the lab runs on.

    python3 pin.py write requirements.txt > pins.txt
    python3 pin.py check pins.txt

A pin is the SHA-256 over the sorted (path, SHA-256) list of the Python files
that a distribution's RECORD names. It says what code runs, on every platform;
the compiled parts differ from one to the next and are not covered.
"""

import hashlib
import importlib.metadata
import sys

CODE = (".py", ".pth")


def digest(name):
    """The pin of an installed distribution, from the files themselves."""
    found = importlib.metadata.distribution(name)
    lines = []
    for file in found.files or []:
        path = str(file).replace("\\", "/")
        if not path.endswith(CODE) or path.startswith(".."):
            continue
        with open(found.locate_file(file), "rb") as handle:
            content = hashlib.sha256(handle.read()).hexdigest()
        lines.append(f"{path}\0{content}\n")
    if not lines:
        raise ValueError(f"{name} has no Python files")
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()


def write(path):
    """Print the pins of all requirements as they are installed here."""
    for name, version in requirements(path):
        installed = importlib.metadata.version(name)
        if installed != version:
            raise ValueError(f"{name} is installed as {installed}, not {version}")
        print(f"{name}=={version} sha256:{digest(name)}")


def requirements(path):
    """The (name, version) pairs of a file; anything after the version is cut off."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, _, rest = line.strip().partition("==")
                yield name, rest.split()[0]


def check(path):
    """Say what differs from the pins, a line each. Whether nothing does."""
    good = True
    with open(path, encoding="utf-8") as file:
        pins = [line.split() for line in file if line.strip()]
    for requirement, pin in pins:
        name, _, version = requirement.partition("==")
        try:
            installed = importlib.metadata.version(name)
            actual = "sha256:" + digest(name)
        except (importlib.metadata.PackageNotFoundError, ValueError, OSError) as error:
            print(f"{name} cannot be checked: {error}")
            good = False
            continue
        if installed != version:
            print(f"{name} is version {installed}, not {version}")
            good = False
        elif actual != pin:
            print(f"the files of {requirement} are not those that the lab was built with")
            good = False
    return good


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("write", "check"):
        sys.exit(__doc__)
    if sys.argv[1] == "write":
        write(sys.argv[2])
    elif not check(sys.argv[2]):
        sys.exit(1)
