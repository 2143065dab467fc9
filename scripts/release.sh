#!/usr/bin/env bash
# release.sh [publish]
#
# Builds a release into bin/dist: programs for all platforms, archives, packages
# for Debian and RPM systems, the container image, the Grafana plugin, the Helm
# chart, what each is made of (SBOM), and checksums. Without "publish" it is a dry
# run, which publishes nothing and works on any commit.
#
# What it cannot do here it leaves out, and says so at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=${1:-dry-run}

die() { echo "release: $*" >&2; exit 1; }

# The plugin's package.json has the version that is next, or that of the tag.
next=$(sed -n 's/^ *"version": "\(.*\)",/\1/p' datasource-plugin/package.json | head -n 1)
revision=$(git rev-parse --short=12 HEAD) || die "expected a Git checkout"
case $mode in
publish)
	[ -n "${GITHUB_TOKEN:-}" ] || die "expected GITHUB_TOKEN in the environment"
	tag=$(git describe --tags --exact-match --match 'v*') || die "expected a tag like v$next on this commit"
	version=${tag#v}
	[ "$version" = "$next" ] || die "expected the tag v$next, as in datasource-plugin/package.json, got $tag"
	;;
dry-run)
	version=$next-dev.$(git rev-list --count HEAD).g$revision
	;;
*)
	die "expected publish or nothing, got \"$mode\""
	;;
esac
export RELEASE_VERSION=$version
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
out=bin/release
left_out=()

echo "== completions, manual page, changelog"
scripts/release-files.sh "$version"

# The notes are the part of the changelog about this version.
notes=$out/notes.md
awk -v section="## [$next] - " '/^## /{on = index($0, section) == 1; next} on' CHANGELOG.md >"$notes"
grep -q '[^[:space:]]' "$notes" || die "expected a part \"## [$next] - ...\" in CHANGELOG.md"
for file in CHANGELOG.md datasource-plugin/CHANGELOG.md; do
	[ "$mode" = dry-run ] || grep -q "^## \[$next\] - [0-9-]*$" "$file" || die "expected the date of $next in place of Unreleased in $file"
done

echo "== the Grafana plugin"
scripts/plugin.sh all
mkdir -p "$out/plugin"
plugin=$(sed -n 's/^ *"id": "\(.*\)",/\1/p' datasource-plugin/src/plugin.json | head -n 1)-$next
cp "bin/plugin/$plugin.zip" "bin/plugin/$plugin-source.zip" "$out/plugin/"
for program in datasource-plugin/dist/gpx_*; do
	name=$(basename "${program%.exe}")
	scripts/sbom.sh "$program" "$next" "$out/plugin/plugin-${name#gpx_}-$next.cdx.json"
done
scripts/with-node.sh npm --prefix datasource-plugin sbom --sbom-format cyclonedx --omit dev --package-lock-only \
	>"$out/plugin/plugin-frontend-$next.cdx.json"

echo "== the Helm chart"
scripts/tool.sh helm package deploy/helm/huggingface-exporter --version "$version" --app-version "$version" --destination "$out/chart"

skip=()
if ! docker buildx version >/dev/null 2>&1 || ! docker version --format '{{.Server.Arch}}' >/dev/null 2>&1; then
	[ "$mode" = dry-run ] || die "expected Docker with buildx and an engine, for the image"
	skip=(--skip=docker)
	left_out+=("the container image: no Docker engine answers, or docker has no buildx")
fi

echo "== programs, archives, packages, SBOM and checksums"
goreleaser=$(scripts/tool.sh goreleaser)
scripts/tool.sh cyclonedx-gomod >/dev/null
options=(--config=.goreleaser.yaml --clean --parallelism=2 "${skip[@]}")
if [ "$mode" = publish ]; then
	"$goreleaser" release "${options[@]}" --release-notes="$notes"
else
	"$goreleaser" release "${options[@]}" --snapshot
	left_out+=("publishing: this is a dry run")
fi

# The files that people get, each of which has its line among the checksums.
cp "$out"/plugin/* "$out"/chart/*.tgz bin/dist/
(cd bin/dist && sha256sum --check --quiet --strict sha256sums.txt)
echo "== in bin/dist"
(cd bin/dist && find . -maxdepth 1 -type f \( -name '*.tar.gz' -o -name '*.zip' -o -name '*.deb' -o -name '*.rpm' -o -name '*.tgz' \
	-o -name '*.cdx.json' -o -name '*.txt' \) -printf '   %f\n' | sort)
for what in "${left_out[@]}"; do echo "== left out: $what"; done
