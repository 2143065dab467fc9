#!/usr/bin/env bash
# prometheusrule.sh
#
# Writes deploy/kubernetes/prometheusrule.yaml anew from dashboards/rules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=deploy/kubernetes/prometheusrule.yaml
{
	cat <<-'EOF'
	# The rules of dashboards/rules for the operator of Prometheus, made of them by
	# scripts/prometheusrule.sh.
	apiVersion: monitoring.coreos.com/v1
	kind: PrometheusRule
	metadata:
	  name: huggingface-exporter
	  labels: {app.kubernetes.io/name: huggingface-exporter}
	spec:
	  groups:
	EOF
	for file in dashboards/rules/recording.yaml dashboards/rules/alerts.yaml; do
		sed -e '1,/^groups:/d' -e 's/^\(.\)/  \1/' "$file"
	done
} >"$out.new"
mv "$out.new" "$out"
