#!/usr/bin/env bash
# coverage.sh PERCENT
#
# Runs the tests of the exporter's and the plugin's packages, each package counted by
# its own tests, and prints how much of their statements ran. It fails if that is less
# than PERCENT of a package, or of either tree.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

least=$1

profile=$(mktemp)
trap 'rm -f "$profile"' EXIT
go test -timeout 30m -coverprofile="$profile" ./exporter/... ./datasource-plugin/pkg/... >&2

# A line is FILE:FROM,TO STATEMENTS COUNT. The same block may come twice.
module=$(go list -m)
awk -v least="$least" -v module="$module/" '
	NR == 1 { next }
	{
		block = $1
		statements[block] = $2
		if ($3 > 0) ran[block] = 1
	}
	END {
		for (block in statements) {
			package = substr(block, length(module) + 1)
			sub(/\/[^\/]*$/, "", package)
			tree = package ~ /^exporter\// ? "exporter/..." : "datasource-plugin/pkg/..."
			all[package] += statements[block]; all[tree] += statements[block]
			if (block in ran) { done[package] += statements[block]; done[tree] += statements[block] }
		}
		for (name in all) {
			share = 100 * done[name] / all[name]
			# The main package of the plugin hands over to the SDK and no more; the
			# tests of the built program run it.
			few = share < least && name != "datasource-plugin/pkg"
			printf "%-40s %6d of %6d statements %6.1f%%%s\n", name, done[name], all[name], share, few ? "  expected " least "%" : ""
			if (few) bad = 1
		}
		exit bad
	}
' "$profile" | sort
