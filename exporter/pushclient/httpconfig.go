package pushclient

import (
	"fmt"
	"io/fs"
	"regexp"

	"github.com/prometheus/common/config"
)

// quoted is what an error of the YAML library, or of a URL in the file, shows of
// the file.
var quoted = regexp.MustCompile("`[^`]*`|\"[^\"]*\"|'[^']*'")

// LoadHTTPConfig reads a file of HTTP client settings in the format that
// Prometheus documents as http_config: basic_auth, authorization, oauth2,
// tls_config and so on. Relative names of files in it start from its folder.
// Errors name the file and show nothing of its values.
func LoadHTTPConfig(file string) (config.HTTPClientConfig, error) {
	c, _, err := config.LoadHTTPConfigFile(file)
	if path, ok := err.(*fs.PathError); ok { // before anything was read
		return config.HTTPClientConfig{}, fmt.Errorf("cannot read the HTTP client settings: %w", path)
	}
	if err != nil {
		return config.HTTPClientConfig{}, fmt.Errorf("%s: expected HTTP client settings in the format of Prometheus"+
			" (basic_auth, authorization, tls_config, ...): %s", file, quoted.ReplaceAllLiteralString(err.Error(), `"..."`))
	}
	return *c, nil
}
