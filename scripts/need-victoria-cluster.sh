#!/usr/bin/env bash
# need-victoria-cluster.sh
#
# Makes sure that the programs of a VictoriaMetrics cluster are there: in PATH, or
# built into bin/tools, which git ignores. They are no Debian package, and their
# modules have no place in go.mod.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=v1.100.0-cluster
tools=$PWD/bin/tools

missing=()
for program in vminsert vmselect vmstorage; do
	command -v "$program" >/dev/null || [ -x "$tools/$program" ] ||
		missing+=("github.com/VictoriaMetrics/VictoriaMetrics/app/$program@$version")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "need: building a VictoriaMetrics cluster $version into bin/tools (tests keep the history in it; about a minute)"
mkdir -p "$tools"
GOBIN=$tools GOFLAGS=-mod=mod go install "${missing[@]}"
