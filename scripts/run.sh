#!/usr/bin/env bash
# run.sh BINARY LISTEN STORAGE
#
# Serves the examples and says what to open once the server is ready. Ctrl-C ends it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary=$1 listen=$2 storage=$3
host=${listen%:*} port=${listen##*:}
url="http://${host:-localhost}:$port"

# Asks the server one question over /dev/tcp, since curl may be missing.
ready() {
	exec 3<>"/dev/tcp/${host:-localhost}/$port" || return 1
	printf 'GET /-/ready HTTP/1.0\r\n\r\n' >&3
	read -r _ status _ <&3
	exec 3>&-
	[ "$status" = 200 ]
}

"$binary" serve --config.file=config.example.yaml --storage.path="$storage" --web.listen-address="$listen" &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' INT TERM

while ! ready 2>/dev/null; do
	kill -0 "$server" 2>/dev/null || { wait "$server"; exit; }
	sleep 0.2
done

cat <<EOF

  $url/                                         publisher analytics, in a browser
  $url/metrics                                  for Prometheus
  $url/api/v1/overview?group_by=repo_type       downloads by type
  $url/api/v1/repos?period=last_month&limit=10  the ten most downloaded of the last 30 days
  $url/api/v1/records                           everything, as CSV

  The history is kept in $storage. Ctrl-C ends the server.

EOF

# The first wait ends when a signal comes, the second when the server has drained.
wait "$server" || wait "$server"
