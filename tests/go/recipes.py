"""The plugins and hosts of the tests, by how they are built."""

from __future__ import annotations

from .conftest import workshop_module

Recipe = workshop_module.Recipe

HOST = Recipe("host", "host")
TRIMMED_HOST = Recipe("host-trimpath", "host", ("-trimpath",))
STRIPPED_HOST = Recipe("host-strip", "host", strip=True)
SPECIAL_HOST = Recipe("host-tags", "host", ("-tags=special",))
NEWER_HOST = Recipe("host-newer-module", "host", shared="v1.1.0")
REPLACED_HOST = Recipe("host-replaced", "host", shared="./local")
WITHOUT_CGO = Recipe("host-without-cgo", "host", variables={"CGO_ENABLED": "0"})
STATIC_HOST = Recipe("host-static", "host", ("-ldflags=-linkmode=external -extldflags=-static",))
TRIMMED_REPLACED_HOST = Recipe("host-replaced-trimpath", "host", ("-trimpath",), shared="./local")
BARE_HOST = Recipe("host-bare", "host", left_out=("shares.go",))
EXTERNAL = Recipe("host-external-link", "without", ("-ldflags=-linkmode=external",))

PLAIN = Recipe("plain", "plain")
TRIMMED = Recipe("trimpath", "plain", ("-trimpath",))
UNSYMBOLED = Recipe("ldflags-s-w", "plain", ("-ldflags=-s -w",))
STRIPPED = Recipe("strip", "plain", strip=True)
SPECIAL = Recipe("tags", "plain", ("-tags=special",))
NEWER = Recipe("newer-module", "plain", shared="v1.1.0")
REPLACED = Recipe("replaced", "plain", shared="./local")
V3 = Recipe("amd64-v3", "plain", variables={"GOAMD64": "v3"})
QUIET = Recipe("quiet", "quiet")
OTHER = Recipe("other", "other")
OTHER_NEWER = Recipe("other-newer-module", "other", shared="v1.1.0")
CORPUS = Recipe("corpus", "corpus")
STRIPPED_CORPUS = Recipe("corpus-strip", "corpus", ("-ldflags=-s -w",), strip=True)

HOSTS = (HOST, TRIMMED_HOST, STRIPPED_HOST, SPECIAL_HOST, NEWER_HOST, REPLACED_HOST)
POOR_HOSTS = (WITHOUT_CGO, STATIC_HOST)
PLUGINS = (PLAIN, TRIMMED, UNSYMBOLED, STRIPPED, SPECIAL, NEWER, REPLACED)
