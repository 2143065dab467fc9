#!/usr/bin/env bash
# grafana.sh BINARY
#
# Runs an installed Grafana with the plugin and the dashboards, an exporter with
# demo data, a made-up Hub that it collects from, and a Prometheus: all on
# 127.0.0.1, all in a folder below demo-data that is removed at the end. Ctrl-C ends them.
#
#   GRAFANA_HOME  where Grafana is unpacked: bin/grafana in it is run. Empty: the
#                 grafana or grafana-server in PATH, with the files of the package
#   PLUGIN        a plugin that is built already; empty builds one for this machine
#   GRAFANA_PORT, EXPORTER_PORT, PROMETHEUS_PORT, HUB_PORT: the first port to try
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD binary=$PWD/$1
plugin_id=$(sed -n 's/^ *"id": "\(.*\)",/\1/p' datasource-plugin/src/plugin.json | head -n 1)

die() { echo "grafana: $*" >&2; exit 1; }

# The program of Grafana and its files.
home=${GRAFANA_HOME:-}
if [ -n "$home" ]; then
	[ -x "$home/bin/grafana" ] || die "expected Grafana's program at $home/bin/grafana, found none: GRAFANA_HOME is the folder that Grafana was unpacked to"
	home=$(cd "$home" && pwd)
	grafana=("$home/bin/grafana" server)
else
	home=/usr/share/grafana
	if command -v grafana >/dev/null; then
		grafana=(grafana server)
	elif command -v grafana-server >/dev/null; then
		grafana=(grafana-server)
	else
		die "there is no Grafana in PATH. Unpack one from https://grafana.com/grafana/download, then: make grafana GRAFANA_HOME=DIR"
	fi
	[ -f "$home/conf/defaults.ini" ] || die "expected the files of Grafana's package in $home, found none: name the folder with GRAFANA_HOME=DIR"
fi

scripts/need.sh curl curl "asks whether the programs are ready"
scripts/need.sh prometheus prometheus "reads the exporter's metrics, for the dashboards over Prometheus"
scripts/need.sh promtool prometheus "gives Prometheus a past"

plugin=${PLUGIN:-}
if [ -z "$plugin" ]; then
	scripts/plugin.sh local
	plugin=datasource-plugin/dist
fi
[ -f "$plugin/plugin.json" ] || die "expected a built plugin in $plugin, found no plugin.json"
plugin=$(cd "$plugin" && pwd)

echo "== building the made-up Hub"
CGO_ENABLED=0 go build -o bin/fakehub ./internal/fakehub/cmd/fakehub

# free_port FIRST: the first port from FIRST on that nobody listens on.
free_port() {
	local port
	for ((port = $1; port < $1 + 100; port++)); do
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	die "no port is free from $1 to $((port - 1))"
}

mkdir -p demo-data
work=$(mktemp -d "$root/demo-data/grafana.XXXXXX")
pids=()
stop() {
	trap - EXIT INT TERM
	local pid
	# Last started, first stopped; all of them end by themselves when told to.
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill -TERM -- "-${pids[i]}" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap stop EXIT
trap 'echo; echo "== stopping"; exit 0' INT TERM

# start NAME COMMAND ...: runs it in the background, its output in a file.
start() {
	local name=$1
	shift
	# A group of its own, so that Ctrl-C reaches this script alone.
	set -m
	"$@" >"$work/$name.log" 2>&1 </dev/null &
	set +m
	pids+=($!)
	last=$name
}

# until_ready COMMAND ...: waits for what was started last, three minutes at the most:
# a Grafana that starts for the first time fills its database.
until_ready() {
	local i
	for ((i = 0; i < 900; i++)); do
		"$@" >/dev/null 2>&1 && return
		kill -0 "${pids[-1]}" 2>/dev/null || break
		sleep 0.2
	done
	tail -n 20 "$work/$last.log" >&2
	die "$last did not get ready; above is what it said last"
}
answers() { curl -sf --noproxy '*' -o /dev/null "$1"; }

echo "== demo data and the made-up Hub"
start demo-data scripts/demo-data.sh "$binary" "$work/demo"
until_ready grep -q ready "$work/demo-data.log"
hub=127.0.0.1:$(free_port "${HUB_PORT:-8765}")
start hub bin/fakehub --listen-address="$hub" --org=initech --org=umbrella --repos=60 --days=500 --seed=11
until_ready answers "http://$hub/api/models?author=initech"

echo "== exporter"
cat >"$work/exporter.yaml" <<-EOF
hub:
  endpoint: http://$hub
  token: hf_fake
  organizations:
    - {name: initech, interval: 2m}
    - {name: umbrella, source: listings, interval: 2m}
files:
  - demo/*.csv
EOF
exporter=127.0.0.1:$(free_port "${EXPORTER_PORT:-10061}")
start exporter "$binary" serve --config.file="$work/exporter.yaml" --storage.path="$work/store" --web.listen-address="$exporter"
until_ready answers "http://$exporter/-/ready"

echo "== Prometheus, with five weeks of the demo's past"
cat >"$work/prometheus.yaml" <<-EOF
global: {scrape_interval: 15s, evaluation_interval: 1m}
rule_files: ["$root/dashboards/rules/*.yaml"]
scrape_configs:
  - job_name: huggingface_exporter
    static_configs: [{targets: ["$exporter"]}]
EOF
scripts/demo-samples.sh "$work/demo" ",job=\"huggingface_exporter\",instance=\"$exporter\"" >"$work/past.txt"
promtool tsdb create-blocks-from --max-block-duration=486h openmetrics "$work/past.txt" "$work/prometheus" >"$work/promtool.log" 2>&1 || {
	tail -n 5 "$work/promtool.log" >&2
	die "promtool could not make the past of Prometheus"
}
rm "$work/past.txt"
prometheus=127.0.0.1:$(free_port "${PROMETHEUS_PORT:-9090}")
start prometheus prometheus --config.file="$work/prometheus.yaml" --storage.tsdb.path="$work/prometheus" \
	--storage.tsdb.retention.time=60d --web.listen-address="$prometheus"
until_ready answers "http://$prometheus/-/ready"

echo "== Grafana"
mkdir -p "$work/grafana" "$work/plugins"
ln -s "$plugin" "$work/plugins/$plugin_id"
port=$(free_port "${GRAFANA_PORT:-3000}")
settings=(
	EXPORTER_URL="http://$exporter"
	PROMETHEUS_URL="http://$prometheus"
	DASHBOARDS_DIR="$root/dashboards"
	GF_SERVER_HTTP_ADDR=127.0.0.1
	GF_SERVER_HTTP_PORT="$port"
	GF_PATHS_DATA="$work/grafana"
	GF_PATHS_LOGS="$work/grafana/log"
	GF_PATHS_PLUGINS="$work/plugins"
	GF_PATHS_PROVISIONING="$root/dashboards/provisioning"
	GF_LOG_MODE=console
	GF_LOG_LEVEL=warn
	# The plugin is not signed.
	GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS="$plugin_id"
	# Nobody has to log in, and everybody may try all of it: this is for 127.0.0.1 alone.
	GF_AUTH_ANONYMOUS_ENABLED=true
	GF_AUTH_ANONYMOUS_ORG_ROLE=Admin
	GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH="$root/dashboards/publisher-analytics.json"
	# Nothing is sent or fetched from elsewhere.
	GF_ANALYTICS_REPORTING_ENABLED=false
	GF_ANALYTICS_CHECK_FOR_UPDATES=false
	GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false
	GF_ANALYTICS_FEEDBACK_LINKS_ENABLED=false
	GF_NEWS_NEWS_FEED_ENABLED=false
	GF_PLUGINS_PREINSTALL_DISABLED=true
	GF_PLUGINS_PLUGIN_ADMIN_ENABLED=false
	GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED=true
	GF_SECURITY_DISABLE_GRAVATAR=true
	GF_SNAPSHOTS_EXTERNAL_ENABLED=false
)
start grafana env "${settings[@]}" "${grafana[@]}" --homepath "$home"
until_ready answers "http://127.0.0.1:$port/api/health"

cat <<EOF

  http://127.0.0.1:$port/dashboards   Grafana; nobody has to log in, and everybody is its administrator
  http://$exporter/              the exporter
  http://$prometheus/               Prometheus
  http://$hub/               the made-up Hub, with the organizations initech and umbrella

  What they say: $work/*.log. Ctrl-C ends them and removes all of it.

EOF

# Nobody should end by itself.
wait -n "${pids[@]}" || true
for i in "${!pids[@]}"; do
	kill -0 "${pids[i]}" 2>/dev/null || { tail -n 5 "$work"/*.log >&2; die "one of them ended by itself; above is what each said last"; }
done
