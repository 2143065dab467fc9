// Package migrate moves a history from one store to another, with all that is known:
// the version of every record, and what is known of the repositories besides.
package migrate
