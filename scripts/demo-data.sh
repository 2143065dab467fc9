#!/bin/sh
# demo-data.sh BINARY DIR
#
# Writes synthetic exports of two organizations into DIR, with days up to
# yesterday, and goes on: the totals grow as if today's downloads came in, and at
# midnight (UTC) there is a day more. It says "ready" once the first are there.
#
# For sh and awk of any kind: it also runs in a container that has no more.
set -eu

binary=$1 dir=$2
header='repoType,repoName,total,timestamp,downloads'

# date_of SECONDS: with the date of GNU and of busybox, or that of BSD.
date_of() { date -u -d "@$1" +%Y-%m-%d 2>/dev/null || date -u -r "$1" +%Y-%m-%d; }

# What will be, a year ahead, so that a new day changes none of those before it.
# It is kept: with another end the numbers would be others.
whole=$dir/whole
now=$(date -u +%s)
if [ ! -s "$whole/until" ] || [ "$(cat "$whole/until")" -lt $((now + 86400)) ]; then
	mkdir -p "$whole"
	last=$(date_of $((now + 365 * 86400)))
	{
		echo "$header"
		"$binary" generate --org=acme --repos=40 --days=1100 --seed=3 --last="$last" | tail -n +2
		"$binary" generate --org=globex --repos=12 --days=800 --seed=5 --last="$last" | tail -n +2
	} >"$whole/all.new"
	mv "$whole/all.new" "$whole/all"
	echo $((now + 365 * 86400)) >"$whole/until"
fi

# put FILE: replaces FILE by standard input, at once.
put() { cat >"$1.new" && mv "$1.new" "$1"; }

# history TODAY: the records of the days before, with the totals of that midnight.
history() {
	awk -F, -v OFS=, -v today="$1" '
		NR == FNR { if (FNR > 1 && $4 >= today) later[$1, $2] += $5; next }
		FNR == 1 || $4 < today { if (FNR > 1) $3 -= later[$1, $2]; print }
	' "$whole/all" "$whole/all"
}

# present TODAY SECONDS: the newest record of each repository once more, its total
# raised by what of the downloads of today has come in that many seconds.
present() {
	awk -F, -v OFS=, -v today="$1" -v part="$2" '
		NR > 1 && $4 >= today { later[$1, $2] += $5 }
		NR > 1 && substr($4, 1, 10) == today { here[$1, $2] = int($5 * part / 86400) }
		NR > 1 && $4 < today { if (!(($1, $2) in newest)) order[++n] = $1 SUBSEP $2; newest[$1, $2] = $0 }
		NR == 1 { print }
		END {
			for (i = 1; i <= n; i++) {
				$0 = newest[order[i]]
				$3 += here[order[i]] - later[order[i]]
				print
			}
		}
	' "$whole/all"
}

# corrected DAY TO SHARE: the records of globex of the days from DAY to before TO,
# times SHARE.
corrected() {
	awk -F, -v OFS=, -v from="$1" -v to="$2" -v share="$3" '
		NR == 1 { print }
		NR > 1 && $2 ~ /^globex\// && $4 >= from && $4 < to { $3 = ""; $5 = int($5 * share); print }
	' "$whole/all"
}

# An export of a while ago told too much of three days, and one after it did not:
# the Hub took downloads back. Files are taken in by the order of their names.
if [ ! -s "$dir/1-earlier.csv" ]; then
	corrected "$(date_of $((now - 16 * 86400)))" "$(date_of $((now - 13 * 86400)))" 3 | put "$dir/1-earlier.csv"
	corrected "$(date_of $((now - 16 * 86400)))" "$(date_of $((now - 13 * 86400)))" 1 | put "$dir/2-corrected.csv"
	TZ=UTC touch -t "$(date_of $((now - 12 * 86400)) | tr -d -)0600" "$dir/1-earlier.csv"
	TZ=UTC touch -t "$(date_of $((now - 8 * 86400)) | tr -d -)0600" "$dir/2-corrected.csv"
fi

written=
while :; do
	now=$(date -u +%s)
	today=$(date_of "$now")
	if [ "$today" != "$written" ]; then
		history "$today" | put "$dir/3-history.csv"
	fi
	present "$today" $((now % 86400)) | put "$dir/4-present.csv"
	if [ -z "$written" ]; then
		echo "demo-data: ready, in $dir"
	fi
	written=$today
	sleep 20 &
	wait $!
done
