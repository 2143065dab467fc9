#!/usr/bin/env bash
# fuzz.sh TIME
#
# Runs every fuzz test of the module for TIME each, one after the other. An input
# that fails is written to testdata/fuzz of its package. FUZZFLAGS may hold further
# flags of go test, such as -parallel=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fuzztime=$1
count=0
for dir in $(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n1 dirname | sort -u); do
	for name in $(go test -list '^Fuzz' "./$dir" | grep '^Fuzz'); do
		echo "fuzz: $dir $name for $fuzztime"
		# Inputs that are only interesting are made smaller for a minute each by
		# default, during which nothing is tried.
		# shellcheck disable=SC2086 # FUZZFLAGS are several words
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$fuzztime" -fuzzminimizetime 5s ${FUZZFLAGS-} "./$dir"
		count=$((count + 1))
	done
done
[ "$count" -gt 0 ] || { echo "fuzz: no fuzz test found" >&2; exit 1; }
echo "fuzz: $count fuzz tests passed"
