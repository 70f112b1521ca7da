package sync

import "time"

// Keep is what a full run asks the roster to keep beside its outcome.
type Keep struct {
	// Last is how many runs of the account stay kept, this one included, beside those
	// since a time; zero: none.
	Last   int
	Since  time.Time
	Pieces []Piece // what the run decided from; their data one after the other are for ReadPasts
	// Err says why it could not be kept. The run itself is not concerned: it is
	// set, by Commit too, after the outcome was written.
	Err error
}

// Piece is a part of what a run keeps.
type Piece struct {
	Name string // follows from its content: equal names, equal pieces
	Data []byte // compressed; nil: the roster has it (State.Kept)
	// Of a whole list: which it is, and a mark for each of its records, for later
	// runs (State.Bases).
	List  string
	Marks []byte
}

// Base is a whole list that the roster keeps: the name of its piece, and the marks of
// its records.
type Base struct {
	Name  string
	Marks []byte
}

// Known says of a sealed member that a plan needs no more of it. A nil one says
// it of nobody.
type Known func(Sealed) bool

// Sealed is a member as its seal tells: its id, and the text of Member.Seal.
type Sealed struct {
	ID   int64
	Text string
}
