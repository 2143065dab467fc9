#!/usr/bin/env bash
# need.sh COMMAND PACKAGE REASON
#
# Makes sure that COMMAND can be called; where it cannot, installs the Debian
# package PACKAGE, and says so.
set -euo pipefail

command=$1 package=$2 reason=$3

if command -v "$command" >/dev/null; then
	exit 0
fi

if ! command -v apt-get >/dev/null; then
	echo "need: $command is missing ($reason). Install it, then try again; on Debian it is in the package $package." >&2
	exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "need: $command is missing ($reason). As root: apt-get install $package" >&2
		exit 1
	fi
	as_root=(sudo)
fi

echo "need: installing the Debian package $package for $command ($reason)"
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package")
# The package lists of a fresh machine may be missing or old: then fetch them and try once more.
if ! "${install[@]}"; then
	"${as_root[@]}" apt-get update
	"${install[@]}"
fi
command -v "$command" >/dev/null || {
	echo "need: $package is installed, but $command is not in PATH" >&2
	exit 1
}
