// Package textenc has the text encodings that several packages share: decimal numbers, read
// eight digits at a time since exports are mostly numbers, and written in groups of three
// for people, fields of CSV, strings of JSON, values quoted in errors, and compressed text.
package textenc
