#!/usr/bin/env bash
# need-go.sh
#
# Checks that there is a Go as new as go.mod asks for. A Go from 1.21 on fetches
# a newer toolchain by itself, unless GOTOOLCHAIN=local forbids it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

want=$(sed -n 's/^go //p' go.mod)

if ! command -v go >/dev/null; then
	cat >&2 <<-EOF
	need-go: go is missing; this needs Go $want or newer.
	  From https://go.dev/dl/:
	    tar -C /usr/local -xzf go*.linux-*.tar.gz && export PATH=\$PATH:/usr/local/go/bin
	  Debian 13 or newer: apt-get install golang-go; with GOTOOLCHAIN=auto it fetches Go $want by itself.
	EOF
	exit 1
fi

if have=$(go list -m -f '{{.GoVersion}}' 2>&1); then
	exit 0
fi
cat >&2 <<-EOF
need-go: $(go version 2>/dev/null || echo "this go") cannot build this; it needs Go $want or newer.
  go says: $have
  Install a newer one from https://go.dev/dl/, or, from Go 1.21 on, let it fetch one: GOTOOLCHAIN=auto
EOF
exit 1
