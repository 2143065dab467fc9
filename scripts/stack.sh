#!/usr/bin/env bash
# stack.sh
#
# Starts compose.yaml with Docker: Grafana with the plugin, Prometheus, and the
# exporter with demo data. Ctrl-C stops it; "docker compose down -v" removes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
	printf 'stack: %s\n' "$@" >&2
	echo "stack: without Docker, make grafana GRAFANA_HOME=DIR does the same with a Grafana that is unpacked in DIR." >&2
	exit 1
}

command -v docker >/dev/null || die "docker is missing."
docker compose version >/dev/null 2>&1 ||
	die "docker has no command \"compose\". Its package is docker-compose-plugin of docker.com, or docker-compose in Debian 13."
arch=$(docker version --format '{{.Server.Arch}}' 2>/dev/null) && [ -n "$arch" ] ||
	die "docker does not reach an engine:" "$(docker version --format '{{.Server.Arch}}' 2>&1 | tail -n 1)"

# The plugin runs in a container, whatever this machine is.
scripts/plugin.sh "linux/$arch"

VERSION=$(git describe --tags --always --dirty 2>/dev/null || echo devel)
REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)
BRANCH=$(git rev-parse --abbrev-ref HEAD 2>/dev/null || echo unknown)
BUILD_DATE=$(date -u +%Y%m%d-%H:%M:%S)
export VERSION REVISION BRANCH BUILD_DATE
cat <<EOF

  http://127.0.0.1:${GRAFANA_PORT:-3000}/dashboards   Grafana; nobody has to log in, and everybody is its administrator
  http://127.0.0.1:${EXPORTER_PORT:-10061}/              the exporter
  http://127.0.0.1:${PROMETHEUS_PORT:-9090}/               Prometheus

EOF
exec docker compose up --build
