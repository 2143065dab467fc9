#!/usr/bin/env bash
# plugin-source.sh DIR
#
# Writes the source of the Grafana plugin into the empty folder DIR, as a module that
# builds by itself: the plugin's folder, and in huggingface_exporter/ the packages of
# the exporter that its backend imports. No tests of Go, which import much more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD dir=$(cd "$1" && pwd)
exporter=$dir/huggingface_exporter
module=$(go list -m)

(cd datasource-plugin && tar -ch --exclude='*_test.go' --exclude=pkg/*/testdata --exclude=harness/out \
	.config .npmrc e2e harness pkg src testdata tests Magefile.go ./*.json ./*.md ./*.mjs ./*.ts LICENSE) | tar -x -C "$dir"

# What is imported differs from one platform to the next.
packages=$(for os in linux darwin windows; do
	GOOS=$os go list -deps -f '{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}' ./datasource-plugin/pkg
done | sort -u)
for package in $packages; do
	name=${package#"$root"/}
	[[ $name != datasource-plugin/* ]] || continue
	mkdir -p "$exporter/$name"
	find "$package" -maxdepth 1 -name '*.go' ! -name '*_test.go' -exec cp -t "$exporter/$name" {} +
done

# The versions are those of the repository, as far as they are needed.
cp go.mod go.sum "$exporter"
cp go.mod go.sum "$dir"
cd "$dir"
go mod edit -module="$module/datasource-plugin" -require="$module@v0.0.0" -replace="$module=./huggingface_exporter"
sed -i '/^ignore /d' go.mod huggingface_exporter/go.mod
(cd huggingface_exporter && go mod tidy)
go mod tidy
