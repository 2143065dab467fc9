// Package history holds the words of publisher analytics - repository, day,
// record, filter, period - and the Store interface that every engine answers.
//
// It imports nothing else of this project; everything else imports it.
package history
