// Package publish delivers the roster to where it is used.
//
// What is delivered is a state with a version: each destination of the settings is given
// the roster, or the contacts, as they are committed, whenever they changed and once a day
// in any case. A Publisher reads the rows at one instant, writes them to the destination's
// end, and notes in the roster which rows that end has now (package store).
//
// Receivers take a missing row for a leaver. So there is a guard between reading and
// delivering (guard.go): what would lose too many rows waits for an approval.
//
// Three kinds of destinations are served by the same tries, waits and notes (publisher.go): a
// file, written as rows arrive (rows.go, folder.go, sftp.go); a log of changes, told batch by
// batch (events.go); and a mirror, which knows itself how far it is (mirror.go).
//
// deploy/publish.md is the page for operators.
package publish
