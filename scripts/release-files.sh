#!/usr/bin/env bash
# release-files.sh VERSION
#
# Makes what the archives and packages have beside the program, in bin/release:
# completions for bash and zsh, the manual page, and the changelog. The same
# sources give the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$1
out=bin/release
# The program says all of it of itself.
program=$out/huggingface_exporter

rm -rf "$out"
mkdir -p "$out/completions" "$out/man"
env -u GOOS -u GOARCH CGO_ENABLED=0 go build -trimpath -ldflags "-X github.com/prometheus/common/version.Version=$version" \
	-o "$program" ./cmd/huggingface_exporter
"$program" --completion-script-bash >"$out/completions/huggingface_exporter.bash"
"$program" --completion-script-zsh | sed '/./,$!d' >"$out/completions/_huggingface_exporter"
"$program" --help-man | gzip -9n >"$out/man/huggingface_exporter.1.gz"
gzip -9n <CHANGELOG.md >"$out/changelog.gz"
rm "$program"
