#!/usr/bin/env bash
# validate-plugin.sh
#
# Has Grafana's validator look at the packed plugin, as its catalog does. The npm
# package fetches the program of that validator when it is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

zips=(bin/plugin/*.zip)
[ ${#zips[@]} -eq 1 ] && [ -f "${zips[0]}" ] || {
	echo "validate-plugin: expected one packed plugin in bin/plugin, found ${zips[*]}; build it with make plugin PLATFORMS=all" >&2
	exit 1
}
exec scripts/with-node.sh npx --yes @grafana/plugin-validator@0.31.0 \
	-sourceCodeUri "file://$PWD/datasource-plugin" "${zips[0]}"
