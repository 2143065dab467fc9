#!/usr/bin/env bash
# frontend.sh
#
# Checks what runs in browsers: the plugin's frontend (types, lint, unit tests, the bundle,
# and the editors in a real browser), and the page of the exporter in a real browser.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

npm() { scripts/with-node.sh npm --prefix "$PWD/datasource-plugin" "$@"; }

echo "== the frontend's packages (datasource-plugin/node_modules)"
npm ci --no-audit --no-fund
for script in typecheck lint test test:browser; do
	echo "== frontend: $script"
	npm run --silent "$script"
done
echo "== the page of the exporter in a browser"
scripts/with-node.sh node exporter/web/browsertest/test.mjs
