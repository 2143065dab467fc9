// Package api is the HTTP API: handlers over any history.Reader, and a Client
// that is a history.Reader over the API of another exporter.
//
// Parameters are checked before the store is asked, and the store is asked
// before the first byte is sent, as far as that can be. What goes wrong after
// the first byte of an export breaks the connection, so that half an export
// never looks like a whole one. docs/api.md is the reference for users.
package api
