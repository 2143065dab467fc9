package connection

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// members are the jsonData of a data source. Provisioning files that expand
// variables write numbers and booleans as strings: both ways are taken. A member
// that is null, as editors leave them, is absent. The first fault is kept.
type members struct {
	values map[string]any
	err    error
}

func parseMembers(jsonData []byte) *members {
	m := &members{values: map[string]any{}}
	if len(bytes.TrimSpace(jsonData)) == 0 {
		return m
	}
	d := json.NewDecoder(bytes.NewReader(jsonData))
	d.UseNumber()
	if err := d.Decode(&m.values); err != nil {
		m.err = fmt.Errorf("jsonData: expected a JSON object: %w", err)
	}
	maps.DeleteFunc(m.values, func(_ string, v any) bool { return v == nil })
	return m
}

// fail keeps a fault of a member.
func (m *members) fail(name, format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf("%s: "+format, append([]any{name}, args...)...)
	}
}

// text returns a string without space around it, "" if it is absent.
func (m *members) text(name string) string {
	s, ok := m.values[name].(string)
	if v := m.values[name]; v != nil && !ok {
		m.fail(name, "expected a string, got %s", shown(v))
	}
	return strings.TrimSpace(s)
}

// flag returns a boolean, false if it is absent, and makes the member one.
func (m *members) flag(name string) bool {
	switch v := m.values[name].(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		if v = strings.TrimSpace(v); v == "true" || v == "false" || v == "" {
			m.values[name] = v == "true"
			return v == "true"
		}
	}
	m.fail(name, "expected true or false, got %s", shown(m.values[name]))
	return false
}

// number returns a whole number from least to most, def if it is absent or empty,
// and makes the member one.
func (m *members) number(name string, def, least, most int64) int64 {
	var text string
	switch v := m.values[name].(type) {
	case nil:
		return def
	case json.Number:
		text = v.String()
	case string:
		if text = strings.TrimSpace(v); text == "" {
			delete(m.values, name)
			return def
		}
	}
	f, err := strconv.ParseFloat(text, 64) // 3e2 and 300.0 are whole numbers, too
	if err != nil || f != math.Trunc(f) || f < float64(least) || f > float64(most) {
		m.fail(name, "expected a whole number from %d to %d, got %s", least, most, shown(m.values[name]))
		return def
	}
	m.values[name] = int64(f)
	return int64(f)
}

// checkHTTP checks the members that Grafana's own HTTP settings read. The SDK takes
// them as they are, and fails in other ways where they are of another type.
func (m *members) checkHTTP() {
	for _, name := range []string{
		"access", "url", "basicAuthUser", "serverName", "secureSocksProxyUsername",
		"sigV4Region", "sigV4AssumeRoleArn", "sigV4AuthType", "sigV4ExternalId", "sigV4Profile",
	} {
		m.text(name)
	}
	for name := range m.values {
		if strings.HasPrefix(name, "httpHeaderName") {
			m.text(name)
		}
	}
	for _, name := range []string{"basicAuth", "tlsAuth", "tlsAuthWithCACert", "tlsSkipVerify", "sigV4Auth", "enableSecureSocksProxy"} {
		m.flag(name)
	}
	for _, name := range []string{
		"dialTimeout", "keepAlive", "httpKeepAlive", "httpTLSHandshakeTimeout", "httpExpectContinueTimeout",
		"httpMaxConnsPerHost", "httpMaxIdleConns", "httpMaxIdleConnsPerHost", "httpIdleConnTimeout",
	} {
		m.number(name, 0, 0, math.MaxInt32)
	}
}

// shown returns a value as errors show it: as JSON, or its beginning.
func shown(v any) string {
	b, _ := json.Marshal(v) // it came from JSON
	if cut := textenc.Cut(string(b)); len(cut) < len(b) {
		return cut + "..."
	}
	return string(b)
}
