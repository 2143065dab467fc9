package connection

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// members are the jsonData of a data source. Provisioning files that expand
// variables write numbers and booleans as strings: both ways are taken. A member
// that is null, as editors leave them, is absent.
type members map[string]any

func parseMembers(jsonData []byte) (members, error) {
	if len(bytes.TrimSpace(jsonData)) == 0 {
		return members{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(jsonData))
	d.UseNumber()
	var m members
	if err := d.Decode(&m); err != nil {
		return nil, fmt.Errorf("jsonData: expected a JSON object: %w", err)
	}
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	return m, nil
}

// text returns a string, space around it cut off, "" if it is absent.
func (m members) text(name string) (string, error) {
	v, ok := m[name]
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%s: expected a string, got %s", name, shown(v))
	}
	return strings.TrimSpace(s), nil
}

// flag checks a boolean, false if it is absent, and makes it one.
func (m members) flag(name string) (bool, error) {
	switch v := m[name].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		switch strings.TrimSpace(v) {
		case "true":
			m[name] = true
			return true, nil
		case "false", "":
			m[name] = false
			return false, nil
		}
	}
	return false, fmt.Errorf("%s: expected true or false, got %s", name, shown(m[name]))
}

// number checks a whole number from least to most, and makes it one. ok is false
// if it is absent or empty.
func (m members) number(name string, least, most int64) (n int64, ok bool, err error) {
	var text string
	switch v := m[name].(type) {
	case nil:
		return 0, false, nil
	case json.Number:
		text = v.String()
	case string:
		text = strings.TrimSpace(v)
		if text == "" {
			delete(m, name)
			return 0, false, nil
		}
	}
	n, err = strconv.ParseInt(text, 10, 64)
	if err != nil {
		// 3e2 and 300.0 are numbers of JSON as well.
		f, e := strconv.ParseFloat(text, 64)
		if e != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return 0, false, fmt.Errorf("%s: expected a whole number from %d to %d, got %s", name, least, most, shown(m[name]))
		}
		n = int64(f)
	}
	if n < least || n > most {
		return 0, false, fmt.Errorf("%s: expected a whole number from %d to %d, got %d", name, least, most, n)
	}
	m[name] = n
	return n, true, nil
}

// The members that Grafana's own HTTP settings read. The SDK takes them as they
// are, and fails in other ways where they are of another type.
var (
	httpTexts = []string{
		"access", "url", "basicAuthUser", "serverName", "secureSocksProxyUsername",
		"sigV4Region", "sigV4AssumeRoleArn", "sigV4AuthType", "sigV4ExternalId", "sigV4Profile",
	}
	httpFlags   = []string{"basicAuth", "tlsAuth", "tlsAuthWithCACert", "tlsSkipVerify", "sigV4Auth", "enableSecureSocksProxy"}
	httpNumbers = []string{
		"dialTimeout", "keepAlive", "httpKeepAlive", "httpTLSHandshakeTimeout", "httpExpectContinueTimeout",
		"httpMaxConnsPerHost", "httpMaxIdleConns", "httpMaxIdleConnsPerHost", "httpIdleConnTimeout",
	}
)

// checkHTTP checks the types of Grafana's own HTTP settings.
func (m members) checkHTTP() error {
	names := httpTexts
	for name := range m {
		if strings.HasPrefix(name, "httpHeaderName") {
			names = append(slices.Clip(names), name)
		}
	}
	for _, name := range names {
		if _, err := m.text(name); err != nil {
			return err
		}
	}
	for _, name := range httpFlags {
		if _, err := m.flag(name); err != nil {
			return err
		}
	}
	for _, name := range httpNumbers {
		if _, _, err := m.number(name, 0, math.MaxInt32); err != nil {
			return err
		}
	}
	return nil
}

// maxShown bounds how much of a value an error shows, in bytes.
const maxShown = 100

// shown returns a value as errors show it.
func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	if len(b) > maxShown {
		return strings.ToValidUTF8(string(b[:maxShown]), "") + "..."
	}
	return string(b)
}
