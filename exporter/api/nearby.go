package api

import (
	"net/netip"
	"net/url"
	"strings"
)

// acceptedEncoding returns the header Accept-Encoding for requests to u. What
// comes from nearby is asked for as it is: an export takes two to four times as
// long to pack and unpack as to send through a wide network.
func acceptedEncoding(u *url.URL) string {
	if nearby(u.Hostname()) {
		return "identity"
	}
	return "gzip"
}

// nearby reports whether a host is this machine or, by its name or address, in a
// network of one's own: a container, a pod, a machine beside.
func nearby(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.Contains(host, ".") {
		return true // localhost, or a name that only one's own network knows
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".svc", ".home.arpa"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}
