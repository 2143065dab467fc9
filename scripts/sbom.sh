#!/usr/bin/env bash
# sbom.sh PROGRAM VERSION FILE
#
# Writes which modules a Go program was linked of, with their licenses, as CycloneDX
# JSON. What it says is read from the program itself.
set -euo pipefail

program=$1 version=$2 file=$3
tool=$(dirname "${BASH_SOURCE[0]}")/tool.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Licenses are those of the modules in Go's cache, where building put them: nothing
# is fetched, and what it says of the project itself, which is not there, is no news.
GOPROXY=off "$tool" cyclonedx-gomod bin -json -licenses -std -version "v$version" -output "$file" "$program" >"$log" 2>&1 || {
	cat "$log" >&2
	exit 1
}
