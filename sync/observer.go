package sync

// An Observer is told what happens. It hears of a commit after it was made: the
// database is the truth, the log its echo.
type Observer interface {
	Began(id RunID, r Run)
	Progress(p Progress)
	Committed(id RunID, r Run, c *Commit)
	Failed(id RunID, r Run, account string, err error)
}
