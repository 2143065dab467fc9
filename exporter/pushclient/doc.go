// Package pushclient hands numbers to servers of others: by HTTP POST, with the
// authentication and TLS settings that Prometheus has for its clients, and with
// errors that say what such a server answered and show no secret.
package pushclient
