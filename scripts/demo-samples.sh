#!/bin/sh
# demo-samples.sh DIR
#
# Prints the counter of downloads as Prometheus would have scraped it from the demo
# data in DIR, in OpenMetrics text: each five minutes of the last 15 days, which is
# what the recording rules look back to, and each hour of 20 days before. It ends
# three hours ago, for Prometheus has newer samples in its head.
set -eu

now=$(date -u +%s)
from=$(((now / 86400 - 35) * 86400))
date_of() { date -u -d "@$1" +%Y-%m-%d 2>/dev/null || date -u -r "$1" +%Y-%m-%d; }

# The dates of the days, for awk of any kind has no calendar.
days=
day=$from
while [ "$day" -le "$now" ]; do
	days="$days $(date_of "$day")"
	day=$((day + 86400))
done

awk -F, -v from="$from" -v now="$now" -v days="$days" -v target="${2:-}" '
	BEGIN {
		n = split(days, date, " ")
		for (i = 1; i <= n; i++) number[date[i]] = i
		print "# HELP huggingface_repo_downloads Downloads of all time, as the Hub counts them."
		print "# TYPE huggingface_repo_downloads counter"
	}
	FNR == 1 { next }
	{
		repo = $1 SUBSEP $2
		day = substr($4, 1, 10)
		if (!(repo in total)) { order[++repos] = repo; total[repo] = $3; first[repo] = day }
		if (day >= date[1]) later[repo] += $5
		if (day in number) downloads[repo, number[day]] = $5
	}
	END {
		for (r = 1; r <= repos; r++) {
			repo = order[r]
			if (first[repo] >= date[n]) continue # not there yet
			split(repo, part, SUBSEP)
			org = part[2]
			sub(/\/.*/, "", org)
			series = "huggingface_repo_downloads_total{repo_type=\"" part[1] "\",org=\"" org "\",repo=\"" part[2] "\"" target "} "
			sum = total[repo] - later[repo]
			for (i = 1; i <= n; i++) {
				if (date[i] < first[repo]) continue
				begin = from + (i - 1) * 86400
				step = begin < now - 15 * 86400 ? 3600 : 300
				for (t = 0; t < 86400 && begin + t < now - 3 * 3600; t += step)
					print series sum + int(downloads[repo, i] * t / 86400) " " begin + t
				sum += downloads[repo, i]
			}
		}
		print "# EOF"
	}
' "$1/whole/all"
