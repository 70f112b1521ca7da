// Package notify tells people what happens to the roster: it turns notices into text, and
// delivers them by mail and webhook.
//
// Notices are written into the roster's log by the transactions that they tell of (package
// store), so that delivery neither delays nor fails a run. A Courier reads the log for each
// recipient from where it stopped. What cannot be delivered is tried again with growing
// waits; what was delivered and could not be noted any more is delivered once more, with
// the same id.
//
// deploy/notify.md is the page for operators, with the JSON of webhooks.
package notify
