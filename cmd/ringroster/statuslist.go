package main

import "fmt"

// statusListing is `status` as CSV: a row for each account.
func statusListing(d *statusDocument) *listing[accountStatus] {
	return &listing[accountStatus]{
		key: "accounts", rows: each(d.Accounts), cells: d.cells,
		columns: []string{
			"account", "running", "last_run", "last_status", "last_success", "next_run", "next_trigger",
			"active", "inactive", "held", "rejected", "conflicts", "jwt_days",
		},
	}
}

func (d *statusDocument) cells(a accountStatus) []string {
	cells := []string{a.Account, "", "", "", "", "", ""}
	if a.RunningRun != nil {
		cells[1] = a.RunningRun.StartedAt
	}
	if a.LastRun != nil {
		cells[2], cells[3] = text(a.LastRun.FinishedAt), string(a.LastRun.Status)
	}
	if a.LastSuccess != nil {
		cells[4] = text(a.LastSuccess.FinishedAt)
	}
	if a.NextRun != nil {
		cells[5], cells[6] = a.NextRun.At, string(a.NextRun.Trigger)
	}
	for _, n := range []int{a.Active, a.Inactive, a.Held, a.Rejected, a.Conflicts} {
		cells = append(cells, fmt.Sprint(n))
	}
	if a.JWTDays == nil {
		return append(cells, "")
	}
	return append(cells, fmt.Sprint(*a.JWTDays))
}
