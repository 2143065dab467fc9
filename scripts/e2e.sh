#!/usr/bin/env bash
# e2e.sh GRAFANA_URL [ARGUMENT ...]
#
# Uses the dashboards and the editors of a running Grafana in a real browser, as a
# person would, and compares what it sees with the exporter's own answers. Nobody
# may have to log in; make grafana runs such a one. Arguments are Playwright's.
#
#   EXPORTER_URL  the exporter; empty asks Grafana for the address of the data source
#   HUB_URL       the made-up Hub of make grafana; empty leaves out what needs it
#   STORAGE       the exporter's folder of data, to compare with its commands, too
#   BINARY        the exporter's program for that, bin/huggingface_exporter by default
#   CHROMIUM      the browser; empty takes that of the system
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

GRAFANA_URL=${1:-}
[ -n "$GRAFANA_URL" ] || {
	echo "e2e: expected the address of a running Grafana, as: make e2e GRAFANA_URL=http://127.0.0.1:3000. make grafana runs one." >&2
	exit 1
}
shift
export GRAFANA_URL
[ -z "${STORAGE:-}" ] || export STORAGE

if [ -z "${CHROMIUM:-}" ]; then
	scripts/need.sh chromium chromium "the dashboards are looked at with it"
fi
if [ ! datasource-plugin/node_modules/.package-lock.json -nt datasource-plugin/package-lock.json ]; then
	echo "== installing the frontend's packages (datasource-plugin/node_modules)"
	scripts/with-node.sh npm --prefix "$PWD/datasource-plugin" ci --no-audit --no-fund
fi
echo "== the dashboards and editors of $GRAFANA_URL"
scripts/with-node.sh npm --prefix "$PWD/datasource-plugin" exec -- playwright test --config datasource-plugin/playwright.config.ts "$@"
