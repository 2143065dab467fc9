// Package fakehub is a stand-in for the Hugging Face Hub: the routes that the
// exporter asks, over organizations and repositories that a test makes up and
// changes.
//
// It is stricter than the Hub: a parameter or a field that the Hub does not have
// is refused. It keeps every request that came, counts them against rate limits
// on a clock that may be given, and fails on demand (see Fault).
//
// Hub is an http.Handler. Network serves such handlers under made-up host names
// without a socket, so that tests run under testing/synctest.
package fakehub
