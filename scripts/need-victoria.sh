#!/usr/bin/env bash
# need-victoria.sh cluster|single REASON
#
# Makes sure that programs of VictoriaMetrics are there that no Debian package has: those
# of a cluster, or a single node that is newer than Debian's. They are built into
# bin/tools, which git ignores; their modules have no place in go.mod.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

what=$1 reason=$2
tools=$PWD/bin/tools
case $what in
cluster) version=v1.100.0-cluster programs="vminsert vmselect vmstorage" ;;
single) version=v1.130.0 programs=victoria-metrics ;;
*) echo "need-victoria: expected cluster or single, got \"$what\"" >&2; exit 1 ;;
esac

missing=()
for program in $programs; do
	[ -x "$tools/$program" ] || missing+=("github.com/VictoriaMetrics/VictoriaMetrics/app/$program@$version")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "need: building VictoriaMetrics $version, $what, into bin/tools ($reason; about a minute)"
mkdir -p "$tools"
GOBIN=$tools go install "${missing[@]}"
