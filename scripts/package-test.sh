#!/usr/bin/env bash
# package-test.sh
#
# Builds two versions of the packages for this machine, and installs, uses,
# upgrades, removes and purges them in a copy of it: nothing is installed here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
next=$(sed -n 's/^ *"version": "\(.*\)",/\1/p' datasource-plugin/package.json | head -n 1)
mkdir "$work/first" "$work/second"
echo "== packages (the first time builds goreleaser)"
scripts/package.sh "$next-dev.1" "$work/first"
scripts/package.sh "$next" "$work/second"
rm "$work"/*/*.log
PACKAGES=$work go test -count=1 -timeout 20m -v ./deploy/packagetest
