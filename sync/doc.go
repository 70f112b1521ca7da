// Package sync is the purpose of ringroster and its vocabulary: what a
// RingCentral account reports (Snapshot), whom that means (Person), whom the
// roster holds (Member), what to do about the difference (Plan), and one run
// from reading to commit (Runner). It knows neither RingCentral's wire, nor
// SQLite, nor how anything is logged: Directory, Roster and Observer are the
// three interfaces it needs.
//
// Data flows one way: snapshot, people, plan, guard, apply. Planning is a pure
// function, so that `plan`, `sync`, the daemon and every test share one path.
//
// # One record's way
//
// An agent's JSON arrives in a body that is read whole and within a limit. The
// client decodes it and puts it, as an Agent, at its place in the Snapshot: the
// place its list had, never the moment it arrived (directory.go).
//
// joinPeople (people.go) makes it part of a Person, with every other record of
// the same human and their RingEX extension. As the roster's members stream
// past, meet (match.go) finds the person's Member by rcUserId; who is found by
// login alone waits until everybody was met; who is found by nothing may be
// found by e-mail (newcomer.go). decide (plan.go) is the one function that says
// what happens to a person and a member, by the table above MakePlan: judge
// (access.go) tells whether the person belongs and as what, compare
// (compare.go) sets person, member and last-synced values side by side. The
// outcome is a Change, a Conflict or a Note, each with its reason.
//
// Members who are active and whom nobody stands behind any more climb down the
// ladder (leaver.go); whoever is left is held or deactivated by the guard
// (guard.go), which nothing else can bypass, and says what they leave behind
// (leaves.go).
//
// What a plan asks for besides is read in the same session, and a second plan made
// with it: the lists that could show somebody who seems to have left (second.go),
// and the regional settings of those whom the plan names (regional.go).
//
// Runner.Sync (run.go) hands the plan to Roster.Commit, which checks that the
// roster is still the one planned for and writes members, logins, history and
// outcome in one transaction. Then the Observer is told: the database is the
// truth, the log its echo.
//
// The corporate contacts go the same way with records of their own: a ContactList
// (contact.go), PlanContacts with its table (contactplan.go), its guard
// (contactguard.go), one run (contactrun.go), the same lock and Commit.
//
// Operators' own changes (edit.go, undo.go) are plans too, and end in the same
// commit.
package sync
