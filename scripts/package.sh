#!/usr/bin/env bash
# package.sh VERSION DIR
#
# Builds the packages for Debian and RPM systems on this machine's processor, as a
# release of that version would have them, into DIR.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$1 dir=$2
arch=$(go env GOHOSTARCH)

scripts/release-files.sh "$version"
goreleaser=$(scripts/tool.sh goreleaser)
RELEASE_VERSION=$version PART=linux-$arch "$goreleaser" release --config=.goreleaser.yaml --snapshot --clean \
	--skip=archive,sbom,docker,before >"$dir/goreleaser.log" 2>&1 || {
	cat "$dir/goreleaser.log" >&2
	exit 1
}
mv bin/dist/*.deb bin/dist/*.rpm "$dir"
