"""What the Lambda binaries are made of, as Cargo resolves it for them: not for the twin or for tests."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = ("aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu")
# Beside those in functions/ the stack has none.
FUNCTIONS = sorted(manifest.parent.name for manifest in ROOT.glob("functions/*/Cargo.toml"))


def cargo(*arguments):
    """What Cargo answers; never anything but what Cargo.lock says."""
    return subprocess.run(["cargo", *arguments, "--locked"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def tree(edges, functions):
    """(name, version) of all that functions depend on by such edges, on either architecture."""
    chosen = [argument for function in functions for argument in ("--package", function)]
    found = set()
    for target in TARGETS:
        lines = cargo("tree", "--quiet", "--target", target, "--edges", edges, "--prefix", "none", "--format", "{p}", *chosen)
        for line in filter(None, lines.splitlines()):
            name, version = line.split(" ")[:2]
            found.add((name, version.removeprefix("v")))
    return found


class Graph:
    """The functions' packages."""

    def __init__(self):
        metadata = json.loads(cargo("metadata", "--format-version", "1"))
        self.packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
        self.version = self.packages_named("postern")["version"]
        # Linked into a binary, or only run while it is built.
        self.linked = tree("normal,no-proc-macro", FUNCTIONS)
        self.building = tree("normal,build", FUNCTIONS) - self.linked
        ids = {package["id"]: key for key, package in self.packages.items()}
        self.edges = {
            ids[node["id"]]: sorted({
                ids[edge["pkg"]] for edge in node["deps"] if any(kind["kind"] != "dev" for kind in edge["dep_kinds"])
            })
            for node in metadata["resolve"]["nodes"]
        }

    def packages_named(self, name):
        """The only package of that name."""
        found = [package for key, package in self.packages.items() if key[0] == name]
        if len(found) != 1:
            raise SystemExit(f"{len(found)} packages are called {name}")
        return found[0]

    def foreign(self, keys):
        """Those that are not ours, in order."""
        return [key for key in sorted(keys) if self.packages[key]["source"]]


def licence(package):
    """The licence as an SPDX expression; older manifests have a slash for OR."""
    expression = package["license"]
    if not expression:
        raise SystemExit(f"{package['name']} {package['version']} names no licence")
    return " OR ".join(part.strip() for part in expression.split("/"))
