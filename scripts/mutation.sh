#!/usr/bin/env bash
# mutation.sh
#
# Changes the rules of the history in many small ways, one at a time: a comparison is
# turned round, a sum becomes a difference, a bound moves by one. Tests of the package
# have to fail for most of the changes. The others are printed as LIVED: some of them
# change nothing that can be seen, the rest is what the tests do not cover.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The least share of the changes that the tests notice, in percent.
least=80
packages=(
	exporter/history
	exporter/hubcsv
	exporter/hubsync
	exporter/localstore/segment
	exporter/memtable
	internal/textenc
)

failed=()
for package in "${packages[@]}"; do
	echo "== mutations of $package"
	scripts/tool.sh gremlins unleash "$package" --threshold-efficacy "$least" --output-statuses lt \
		--exclude-files 'storetest/' --timeout-coefficient 20 || failed+=("$package")
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "mutation: expected the tests to notice $least% of the changes, which they do not in: ${failed[*]}" >&2
	exit 1
fi
