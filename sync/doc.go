// Package sync is the vocabulary of ringroster: what a RingCentral account reports,
// who is on the roster, what to do about the difference, and what a run and an
// operator's decision are. What is done with it is in the packages below. None of them
// knows RingCentral's wire format, SQLite, or how anything is logged: Directory, Roster
// and Observer are the three interfaces that they need. RULES.md states every rule of
// a run; `ringroster rules` prints them.
//
// # Glossary
//
//	account         one RingCentral customer, by its name in the settings (R4)
//	sub-account     the part of a RingCX account in which agents work
//	snapshot        everything that one run read from RingCentral for one account (R1)
//	person          a human whom RingCentral reports, with all their records joined (R6)
//	member          a human on the roster
//	login           a member's agent record in one sub-account; a member may have several
//	roster          the members and what belongs to them, in the database
//	plan            what a run would do to one account, and why
//	change          what a run does to one member: onboard, link, update, reactivate, deactivate
//	run             one reading, planning and committing, for one account or several
//	managed         synced with RingCentral; `roster detach` ends that
//	linked          matched to a person in an earlier run (R15)
//	pin             keeps one synced field of a member at a value, against the sync
//	conflict        what cannot be decided safely; it names what settles it (R20)
//	leaver          an active member whom RingCentral does not report as present (R14)
//	held            planned, but waiting for an operator's decision (R21 to R26)
//	open set        everything of an account that is held now (R25)
//	suspect         a would-be leaver whom the guard would hold, and whom
//	                another step keeps for now (R16); so is what a pin hides
//	distrusted list a list that lost people in a way that looks like a mistake (R22)
//
// # The packages
//
// This package imports none of ours. Each of the others imports it, and of the rest
// only what its line says:
//
//	guard        which changes wait for an operator: Check, a function of facts (R21 to R26)
//	fingerprint  what a member's row must look like if nothing changed
//	schedule     when a job is due (R30)
//	edit         operators' own changes: set, pin, link, undo, forget, retire
//	contacts     the plan of corporate contacts; it knows guard
//	plan         the plan of members: who is who, what changes, who leaves; it knows guard
//	             and fingerprint
//	archive      what full runs were decided from, to be planned again; it knows plan
//	             and fingerprint
//	reconcile    the order of a run: read, plan, look again, commit, tell; it knows plan,
//	             guard, contacts and archive
//	synctest     the tables of RULES.md, for tests
//
// Nearly all tests play whole runs or whole plans, and stand with reconcile.
//
// # The pipeline
//
//	RingCentral --Directory--> Snapshot --join people--> people -+
//	                           (R1, R3)                  (R6-R8) |
//	                                                             v
//	the database --Roster----> members ------------------------> plan.Make: meet, decide,
//	                                                             leavers (R5, R9-R20)
//	                                                             |
//	settings ----------------> Policy ------------------------>  v
//	                                                             guard: what is held (R21-R26)
//	                                                             |
//	                    second look, when somebody would leave   v
//	                    (R2): the plan is made again             Plan
//	                                                             |
//	                                                             v
//	Observer: log, metrics <--- outcome <--- Roster.Commit: one transaction (R27)
//
// Everything from Snapshot to Plan is a pure function, so that `plan`, `sync`, the
// daemon and every test share one path.
//
// # One record's way
//
// An agent's JSON arrives in a body that is read whole and within a limit. The
// client decodes it and puts it, as an Agent, at its place in the Snapshot: the
// place that its list had, never the moment at which it arrived (directory.go).
//
// In plan, joinPeople (people.go) makes it part of a Person, with every other record
// of the same human and their RingEX extension. As the roster's members stream
// past, meet (match.go) finds the person's Member by rcUserId. A person found by
// login alone waits until every member was met; a person found by no id may be
// found by e-mail (newcomer.go). decide (plan.go) is the one function that says
// what happens to a person and a member, by the table above Make: judge
// (access.go) tells whether the person belongs and in which role, compare
// (compare.go) sets person, member and last-synced values side by side. The
// outcome is a Change, a Conflict or a Note, each with its reason.
//
// Active members without a present person go down the ladder (leaver.go). Those
// whom no step keeps are held or deactivated by guard.Check, which nothing else can
// bypass; the plan also says what they leave behind (leaves.go).
//
// What the plan needs besides is read in the same session of reconcile, and the plan
// is made again with it: the lists that could show a member who seems to have left
// (plan/lost.go, look.go), and the regional settings of the people the plan names
// (plan/values.go).
//
// Runner.Sync of reconcile hands the plan to Roster.Commit, which checks that the
// roster is still the one planned for and writes members, logins, history and
// outcome in one transaction. Then the Observer is told. The database is the
// record of what happened; the log repeats it.
//
// Corporate contacts take the same way with records of their own: a ContactList
// (contact.go), contacts.Plan with its table, the same guard, one run, the same lock
// and Commit.
//
// Operators' own changes (edit) are plans too, and end in the same commit.
package sync
