// Package soak has the fault campaigns: the program is run as a user runs it, and all
// that can go wrong around it does, over and over. Its tests are a short form of each
// campaign; with -soak, as make soak gives it, they are the long one. Either prints a
// line of figures for each campaign: docs/reliability.md has those of a long run.
package soak
