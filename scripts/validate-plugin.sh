#!/usr/bin/env bash
# validate-plugin.sh
#
# Has the validator of Grafana's catalog look at the packed plugin and its packed
# source. Any error or warning fails, but for the missing signature. Much of it needs
# the internet: where a site does not answer, the validator ends there.
#
#   PLUGINCHECK  the validator's program; empty takes plugincheck2 in PATH, or else
#                its container image, which has all scanners, with Docker
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
image=grafana/plugin-validator-cli:v0.45.6

sources=(bin/plugin/*-source.zip)
source=${sources[0]} plugin=${sources[0]%-source.zip}.zip
[ ${#sources[@]} -eq 1 ] && [ -f "$source" ] && [ -f "$plugin" ] || {
	echo "validate-plugin: expected one packed plugin and its source in bin/plugin, found $(ls bin/plugin 2>&1 | xargs); build them with make plugin PLATFORMS=all" >&2
	exit 1
}
arguments=(-strict -config datasource-plugin/.config/validator.yaml -sourceCodeUri "./$source" "$plugin")

check=${PLUGINCHECK:-$(command -v plugincheck2 || true)}
if [ -z "$check" ] && ! command -v docker >/dev/null; then
	echo "validate-plugin: expected plugincheck2 of github.com/grafana/plugin-validator in PATH, or docker for $image, found neither" >&2
	exit 1
fi
echo "== Grafana's validator: ${check:-$image}"
if [ -n "$check" ]; then
	exec "$check" "${arguments[@]}"
fi
exec docker run --rm --volume "$PWD:/work:ro" --workdir /work "$image" "${arguments[@]}"
