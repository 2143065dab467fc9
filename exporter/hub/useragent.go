package hub

import (
	"runtime"
	"strings"
)

// UserAgent returns the user agent of a version of the exporter in the form that
// the Hub's own clients use: "name/version; key/value; ...".
func UserAgent(version string) string {
	if version == "" {
		version = "unknown"
	}
	return "huggingface_exporter/" + version +
		"; go/" + strings.TrimPrefix(runtime.Version(), "go") +
		"; os/" + runtime.GOOS
}
