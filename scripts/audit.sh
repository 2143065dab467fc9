#!/usr/bin/env bash
# audit.sh
#
# Looks for known vulnerabilities: govulncheck over the code that the exporter, the
# plugin and their tests call, npm audit over the plugin's frontend. Both need a
# database that is not part of the project; where it does not answer, nothing was
# checked, and that is a failure, too.
#
#   GOVULNDB  a copy of the Go vulnerability database, as file:///srv/vulndb
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
not_checked() {
	echo "audit: NOT CHECKED: $1 does not answer here; last words:" >&2
	tail -n 3 "$log" | sed 's/^/audit:   /' >&2
	failed=1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

govulncheck=$(scripts/tool.sh govulncheck) || exit 1
for module in . bench; do
	echo "== govulncheck: the module in $module"
	"$govulncheck" -C "$module" ${GOVULNDB:+-db "$GOVULNDB"} -test ./... >"$log" 2>&1
	case $? in
	0) tail -n 3 "$log" ;;
	3) cat "$log" >&2 && failed=1 ;;
	*)
		if grep -q -e 'dial tcp' -e 'fetching vulnerabilities' -e 'HTTP GET' "$log"; then
			not_checked "the Go vulnerability database"
		else
			cat "$log" >&2 && failed=1
		fi
		;;
	esac
done

# audit_npm WHAT ARGUMENT ...: the report of npm is JSON if there is one.
audit_npm() {
	echo "== npm audit: $1"
	shift
	if scripts/with-node.sh npm --prefix datasource-plugin audit --package-lock-only "$@" >"$log" 2>&1; then
		tail -n 1 "$log"
	elif grep -q 'audit endpoint returned an error' "$log"; then
		not_checked "the audit endpoint of the npm registry"
	else
		cat "$log" >&2
		failed=1
	fi
}
audit_npm "what the plugin ships" --omit=dev
audit_npm "what builds and tests it, from high on" --audit-level=high

[ "$failed" -eq 0 ] && echo "== no known vulnerabilities"
exit "$failed"
