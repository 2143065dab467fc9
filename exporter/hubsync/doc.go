// Package hubsync says when the Hub is asked, and turns what it tells into records:
// the publisher analytics CSV as it is, current totals as differences between days.
package hubsync
