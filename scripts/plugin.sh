#!/usr/bin/env bash
# plugin.sh "PLATFORM ..."
#
# Builds the Grafana plugin into datasource-plugin/dist: the frontend, and the
# backend for the given platforms (such as "linux/amd64", local for this machine,
# or all that are released). Packs it into bin/plugin/*.zip, and its source, which
# builds by itself, into bin/plugin/*-source.zip. Builds of the same commit have the
# same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
platforms=$1
[ "$platforms" != all ] || platforms=

# What would be the time of the build is that of the commit.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || true)
fi
[ -z "$SOURCE_DATE_EPOCH" ] || export SOURCE_DATE_EPOCH

cd datasource-plugin
rm -rf dist

# npm writes down what it has installed.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
	echo "== installing the frontend's packages (datasource-plugin/node_modules)"
	"$root/scripts/with-node.sh" npm --prefix "$PWD" ci --no-audit --no-fund
fi
echo "== building the frontend"
"$root/scripts/with-node.sh" npm --prefix "$PWD" run build

mage() { go run github.com/magefile/mage "$@"; }
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
"$root/scripts/plugin-source.sh" "$source"
# What is packed is built of the packed source: the backend's manifest lists its files.
(cd "$source" && PLATFORMS=$platforms mage platforms)
mv "$source"/dist/* dist
rmdir "$source/dist"

for file in plugin.json module.js README.md CHANGELOG.md LICENSE go_plugin_build_manifest; do
	[ -s "dist/$file" ] || { echo "plugin: expected dist/$file after the build, found none" >&2; exit 1; }
done
mage package "$root/bin/plugin" "$source"
