// Package simulator is a RingCentral to rehearse on: an http.Handler that answers for RingEX and RingCX on one
// address, over a world of made-up people that can be generated, loaded from a file and changed while it runs.
//
// It serves the operations listed at [Operation], written from RingCentral's published schemas and from
// ringcentral/API.md, and refuses what RingCentral would refuse: wrong app credentials, grants, assertions and tokens;
// tokens of the other half, expired, used up or pushed out by a sixth session; a missing scope, permission or
// WFO_ACCESS role; ids of other accounts; impossible pages. It shares no code with the client, so that the
// two cannot share a misreading.
//
// What the facts leave open is decided here and may be wrong: RingCX tokens outlive the RingEX session they
// came from, RingCX refresh tokens live one hour, an unknown main account is 404 and somebody else's 403,
// page and perPage work on assigned roles, the largest page is 1000 (the directory: 2000). A RingEX refresh
// token sent twice is refused at once, though RingCentral forgives that for ten seconds.
//
// # World files
//
// A world is YAML or JSON. Keys left out mean the usual; unknown keys are refused, with their line.
//
//	accounts:
//	  - client_id: demo-client-id
//	    client_secret: demo-client-secret
//	    jwt: demo-jwt
//	    owner_id: 700000001            # the extension whose JWT it is
//	    id: 400100001                  # RingEX account
//	    main_account_id: "99990000"    # RingCX main account
//	    # no_jwt_flow, no_wfo_access, no_supervisors, refresh_tokens: true; scopes: []; missing_permissions: [ReadUserRoles]
//	    roles: [{id: "1", name: Super Admin, permissions: [ReadExtensions]}]
//	    sites: [{id: main-site, name: Main Site}]
//	    extensions:
//	      - {id: 700000001, number: "101", first_name: Sync, last_name: Service, email: sync@example.com, roles: ["1"]}
//	      - {id: 700000002, number: "102", first_name: Bea, last_name: Ng, email: bea.ng@example.com, department: Support}
//	      - {id: 700000003, status: Unassigned}
//	      - {id: 700000004, type: Department, name: Support Queue, number: "900"}
//	    administrators: [{id: 3289, rc_user_id: 700000001, first_name: Sync, last_name: Service, email: sync@example.com}]
//	    sub_accounts:
//	      - id: "99990001"
//	        name: Example Production
//	        groups:
//	          - id: 1009
//	            name: Team A1
//	            agents:
//	              - {id: 1386703, rc_user_id: 700000002, first_name: Bea, last_name: Ng, email: bea.ng@example.com, type: SUPERVISOR}
//	              - {id: 1389175, first_name: Joe, last_name: Doe, email: joe.d@example.com, inactive: true, supervisors: [1386703]}
//	    contacts: [{id: ext-1, name: Example Courier, phones: ["+12055559901"]}]   # directory entries without extension
//	limits: {}                         # RingCentral's own; {medium: 5, no_retry_after: true} changes some; left out: none
//	lifetimes: {ringcx: 30s}           # ringex, ringex_refresh, ringcx, ringcx_refresh; claimed: what expires_in says
//	latency: 20ms
//	variations: true                   # ids as strings, nulls, unknown values and fields, extensions without contact
//	faults:
//	  - {kind: status, status: 503, retry_after: 30, op: extensions, skip: 1, count: 2}
//	  - {kind: short_body, path: "*/agentGroups/1009/agents", probability: 0.2, seed: 7}
//
// # Faults
//
// Every fault may have op (an operation's name; own_regional_settings reads one extension with its time zone
// and language, regional_settings those of the account), path (a pattern; * stands for anything), look, skip,
// count, probability and seed, which say what requests it hits. With look: 1 only the first answer to a path and
// query since the app signed in is hit, with look: 2 only the second: so a second look (R2) can be told
// otherwise than the first. Tries count as well. The kinds:
//
//	status           an error: status, and if wished code, message, retry_after and shape, one of ringex,
//	                 ringex_plain, gateway, oauth, oauth_bare, adg, ringcx, text, html, empty
//	cut              the connection breaks before an answer
//	redirect         302 to location, or to another host
//	latency          the answer comes after delay
//	slow_body        delay before every 64 bytes
//	null, empty_object, empty_body, html   200 with that for a body
//	cut_json         200 with half the JSON, the length agreeing
//	short_body       half the body, less than Content-Length says
//	endless          a body that does not end
//	wrong_types      objects where text and numbers belong
//	duplicate        the first record of the list once more
//	page_twice, page_missing               the records of the page before, or after, the one asked for
//	totals_change    totalElements one higher
//	per_page_lowered pages of n at most
//	emptied          an empty list, with totals to fit
//	truncated        the first n records, with totals to fit
//	gone             the record with that id is left out of its list
//	other_group      the agents of another group of the sub-account
//	moved_unseen     an agent moves to the group before, just before this group's answer: seen in neither
//	moved_twice      an agent moves to the next group, just after this group's answer: seen in both
//	lost             a share of the records is left out, the same ones for the same seed, with totals to fit
//	unlisted         the record with that id is left out with totals to fit; an extension asked for alone is 404
//	inactive         isActive is false for the whole list
//	partial          206 with Content-Range and without the last record; or status, such as 203 or 207, with all
//	latin1           the answer in ISO 8859-1
//	lone_surrogate   half a character in the name of the first record that has one
//	name_twice       a name comes twice in every record
//	decomposed       letters with marks as two characters, as another system writes them
//	claimed          totalElements is n
//	empty_records    n empty records
//	token_lost       the caller's token ends: 401 OAU-213, or Jwt is expired
//
// What a list may lose: emptied, truncated to one row or to a cap, lost with share 0.5; unlisted for one group,
// one extension or, on assigned_roles, one assignment; all of them on administrators as well.
//
// A group that vanishes between the list and its agents is two of them: gone on groups, with skip 1,
// and status 404 on its agents. A refused refresh is status 401 on refresh. [Server.Control] adds and
// clears them while the simulator runs.
package simulator
