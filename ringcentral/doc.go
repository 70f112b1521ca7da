// Package ringcentral reads who works for a company from RingCentral: from
// RingCX, who its administrators and agents are, and from RingEX, what their
// extensions say about them. Directory implements sync.Directory with it.
//
// One Directory is one session for one run:
//
//	d, err := ringcentral.New(ringcentral.Config{…})
//	defer d.Close(ctx) // revokes the session, whatever happened
//	snapshot, err := d.Snapshot(ctx, report)
//
// # The way of a call
//
// An operation (ringex.go, ringcx.go) says which rate groups it counts in, what
// is worth repeating and what permission it needs. call (client.go) repeats it
// as its policy says (retry.go); each try waits for a token (token.go) and for a
// slot in its groups (pace.go), sends one request, reads the whole body or none
// of it (decode.go), and ends in a value or in an *Error (error.go) with advice
// (advice.go). directory.go, enrich.go and subaccount.go put the lists together,
// in the order in which they were asked for, and prove them (R1, R3).
//
// A snapshot takes no call per person: a token, an exchange and a revoke, the
// account, the administrators, the sub-accounts, the groups of each sub-account,
// the agents of each group, and the extensions by the thousand; two lists of
// roles on request.
//
// # Regional settings
//
// No list tells the time zone and language of an extension: they take a call each,
// in the Light group (regional.go). So they are looked up for those alone whom the
// plan names, after the snapshot and in its session; the account's own come with
// the account. A lookup that fails is tried again like any call, and then leaves
// its extension unknown: it never fails the account. When RingCentral itself fails
// eight times in a row, or half of the run's time is over, the rest is left to later
// runs.
//
// The company directory (contacts.go) is read in a session of its own: a token,
// the account, the entries by two thousand, a revoke. What its answers may hold
// that is wrong is tried, read again or fails as for the extensions; an entry
// that cannot be read in full is there and says nothing more (R19).
//
// # Pacing
//
// A limit is a sliding window. A slot is free one window after the answer to the
// call that used it, which is never too early, whenever the server counted that
// call. RingEX tells its limits with every answer; the first call of a group
// goes alone, to learn them. What it counts beyond our own calls belongs to
// somebody else and takes slots too. RingCX tells nothing: 120 a minute, and 5
// exchanges. A refusal (429, 503) stops its group, or the whole service if it
// names none, for as long as it asks: each request would start the penalty anew.
//
// # The fault table
//
// What becomes of an answer that is missing or wrong. "Tried again" is the call
// alone, a few times and with growing waits. "Read again" is the list, twice at
// most, when what came contradicts itself. "Fails" fails the account, whose
// members stay untouched. "Held" gets through as a fact, since it may be true:
// the guard (R21 to R24) keeps its leavers back, and "second look" means that
// LookAgain finds who seems to be gone (R2). "Fine" is no fault. With "ever" the
// fault does not pass. Every row is played by TestFaultTable.
//
//	no answer | tried again | connections break
//	no answer, ever | fails | there is nothing to go by
//	an answer too slow | tried again | a minute is enough for any call
//	a body too slow | tried again | likewise
//	500 | tried again | passing troubles of the service (API.md 4)
//	502 with a web page | tried again | a gateway's; the status counts
//	503 with Retry-After | tried again | after the wait it asks for
//	504 | tried again | a gateway's
//	500, ever | fails | four tries are enough
//	429 with Retry-After | tried again | after the wait it asks for, by nobody before
//	429 without Retry-After | tried again | after a minute, the next time after two
//	429 for a day | fails | a run waits five minutes at most; later runs try again
//	400 | fails | the same request gets the same answer
//	401 Jwt is expired | tried again | once, with a renewed RingCX token
//	401 OAU-213 | tried again | once, with a new session: somebody used up the limit of five
//	401 on the exchange | tried again | once, with a new session
//	401 with every token | fails | a new token did not help
//	401 on the refresh | tried again | by an exchange
//	500 on the token | tried again | about ten seconds apart (API.md 1.6)
//	502 on the token | fails | not to be repeated (API.md 1.6)
//	500 on the revoke | fine | nothing is left to do about it
//	wrong client secret | fails | until the settings change
//	wrong client id | fails | until the settings change
//	an app without JWT flow | fails | until the app is changed
//	a refused JWT | fails | until there is a new one
//	an app without ReadAccounts | fails | until the app is changed
//	an owner without ReadExtensions | fails | until the owner may
//	an owner without WFO_ACCESS | fails | until the owner may
//	a main account that is another | fails | the roster of one company is not another's (R4)
//	a sub-account that is unknown | fails | those that are known are named
//	null | tried again | no list is null
//	null, ever | fails | an empty list would be a fact, null is none
//	an object for a list | tried again | an error under status 200
//	an object for a list, ever | fails | no list came
//	no records | fails | a page without records is none, even an empty one has them
//	an empty body | tried again | not JSON
//	an empty body, ever | fails | not a fact
//	a web page | tried again | a proxy or a gateway spoke
//	a web page, ever | fails | the advice names the address and the proxy
//	cut JSON | tried again | the end is missing
//	cut JSON, ever | fails | whoever stood there must not leave
//	a body shorter than its Content-Length | tried again | the end is missing
//	a body shorter than its Content-Length, ever | fails | whoever stood there must not leave
//	an endless body | fails | reading stops at 64 MiB
//	wrong types | tried again | one faulty record is a conflict (R19); where most are, the answer is wrong
//	wrong types, ever | fails | the people behind these records are not known
//	duplicate ids | read again | an agent moved while we read
//	duplicate ids, ever | fails | nobody knows which is true
//	duplicate administrators, ever | fails | likewise
//	a page twice | read again | ids come twice
//	a page twice, ever | fails | the people of another page are missing
//	a page missing | read again | fewer records than the total
//	a page missing, ever | fails | likewise
//	totals that change | read again | somebody came or went between two pages
//	totals that are wrong | fails | records are missing, or the total lies
//	perPage lowered | fine | pages are as large as the reply says
//	a configured sub-account gone | fails | until the settings change
//	a sub-account gone | held | sub_account_gone (R22)
//	a group that vanishes | fine | gone from the list too, read again; its agents leave by the rules
//	a group that is listed and not found | fails | its agents cannot be known
//	no groups where there were many | held | list_emptied (R22)
//	a list at a server's cap | held | list_cap (R22): the rest may be missing
//	a sub-account whose agents are gone | held | list_emptied (R22)
//	no administrators | fails in the run | there were some at the last accepted run (R1)
//	nobody at all | fails | a company without one person is no fact (R1)
//	no extensions | held | owner_missing (R22): whoever authenticated has one
//	agents of another group | read again | the answer was another's, or they moved
//	agents of another group, ever | fails | whose agents came instead of these is not known
//	an agent who moves and is seen twice | read again | both lists
//	an agent who moves and is not seen | second look | only who is missing from both is a leaver (R2)
//	206 without the last record | tried again | only status 200 answers (R1)
//	206 without the last record, ever | fails | whoever stood there must not leave
//	203, ever | fails | another's word
//	207, ever | fails | several answers in one
//	202, ever | fails | a promise
//	Latin-1 | tried again | another encoding would change every name with an accent
//	Latin-1, ever | fails | likewise
//	a name twice | tried again | which value is meant is open
//	a name twice, ever | fails | likewise
//	a lone surrogate | faulty record | of one record; the others stand (R19)
//	letters with marks in two characters | fine | texts are stored in NFC (R33)
//	a total of millions | fails | nothing is set aside for it
//	empty records | fails | they are refused before they fill the memory
//	a group that lost half | held | list_shrunk (R22)
//	a group of one row | held | list_shrunk (R22)
//	a group that is no longer listed | held | agent_group_gone (R22)
//	administrators shrunk | held | list_shrunk (R22)
//	a group that is all inactive | second look | only who is inactive in both may leave (R2)
//	a group that is all inactive at the second look | second look | likewise
//	an extension missing with right totals | second look | only what is missing from both is gone (R2)
//	an assignment missing with right totals | second look | likewise
//	a redirect to another host | fails | never followed: credentials stay here
package ringcentral
