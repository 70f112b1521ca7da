package wire

import (
	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/observe"
	"ringroster/cmd/ringroster/publish"
	"ringroster/store"
)

// Publisher delivers the roster to the destinations of the settings.
func Publisher(s *config.Settings, version string, st *store.Store, told func(observe.Publication)) *publish.Publisher {
	return publish.New(s, st, version, func(r publish.Report) {
		told(observe.Publication{
			Destination: r.Destination, File: r.File, Rows: r.Rows, Added: r.Added, Changed: r.Changed, Removed: r.Removed,
			Waits: r.Why(), ApprovedBy: r.ApprovedBy, Err: r.Err, Again: r.Again, Known: r.Known, Remark: r.Remark,
		})
	})
}
