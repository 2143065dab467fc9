#!/usr/bin/env bash
# tool.sh NAME [ARGUMENT ...]
#
# Runs a tool of the release and of its checks, built from its Go module into
# bin/tools, once for each version. Without an argument it prints where it is.
# The versions are here alone, and go.mod is not burdened with what they need.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

name=$1
shift
case $name in
# The newest that needs no newer Go than go.mod.
goreleaser) package=github.com/goreleaser/goreleaser/v2 version=v2.15.2 ;;
cyclonedx-gomod) package=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod version=v1.10.0 ;;
helm) package=helm.sh/helm/v4/cmd/helm version=v4.3.1 ;;
kube-score) package=github.com/zegl/kube-score/cmd/kube-score version=v1.20.0 ;;
actionlint) package=github.com/rhysd/actionlint/cmd/actionlint version=v1.7.12 ;;
# The newest whose requirements are all modules that the Go module proxy has.
dashboard-linter) package=github.com/grafana/dashboard-linter version=v0.1.1 ;;
gremlins) package=github.com/go-gremlins/gremlins/cmd/gremlins version=v0.6.0 ;;
govulncheck) package=golang.org/x/vuln/cmd/govulncheck version=v1.9.0 ;;
*)
	echo "tool: expected goreleaser, cyclonedx-gomod, helm, kube-score, actionlint, dashboard-linter, gremlins or govulncheck, got \"$name\"" >&2
	exit 1
	;;
esac

dir=$root/bin/tools/$name-$version
if [ ! -x "$dir/$name" ]; then
	echo "tool: building $name $version into bin/tools" >&2
	# For this machine, whatever is being built for others.
	env -u GOOS -u GOARCH -u GOFLAGS GOBIN="$dir" CGO_ENABLED=0 go install "$package@$version" >&2
fi
if [ $# -eq 0 ]; then
	echo "$dir/$name"
	exit
fi
exec "$dir/$name" "$@"
