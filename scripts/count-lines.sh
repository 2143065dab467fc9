#!/usr/bin/env bash
# count-lines.sh
#
# Counts the lines of Go that the exporter and the plugin are built from, by package:
# what their main packages import of this module, without tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

go list -deps -f '{{if .Module}}{{if .Module.Main}}{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{range .IgnoredGoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}' \
	./cmd/huggingface_exporter ./datasource-plugin/pkg |
	{ grep -v '_test\.go$' || true; } | sed -n "s#^$PWD/##p" | sort -u |
	while read -r file; do
		echo "$(wc -l <"$file") $(dirname "$file")"
	done |
	awk '
		{ lines[$2] += $1; files[$2]++; all += $1; n++ }
		END {
			for (p in lines) printf "%-42s %4d files %6d lines\n", p, files[p], lines[p]
			printf "%-42s %4d files %6d lines\n", "~ in all", n, all
		}
	' | sort | sed 's/^~ in all/in all  /'
