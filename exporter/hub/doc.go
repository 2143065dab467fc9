// Package hub is a client of the Hugging Face Hub's HTTP API, as far as download
// counts go: the publisher-analytics CSV of an organization, and the public
// listings of its models, datasets and spaces.
//
// A Client sends its token to the configured endpoint only, stays inside the
// rate limits that the Hub announces (shared by all clients of one token through
// Limiters), repeats what is worth repeating, and bounds every wait and every
// answer. Whatever fails is an *Error, whose Kind is the reason to show; the
// token is in none of them.
//
// Both calls stream. The caller gives a context, which ends a call at once, and
// keeps nothing of a stream that ended with an error.
package hub
