package sync

// Pin holds one synced field against the sync: the roster keeps its value,
// whatever RingCentral reports, until the pin ends.
type Pin struct {
	Field  Field  `json:"field"`
	Value  string `json:"value"`
	Until  string `json:"until,omitempty"` // the last UTC day, 2006-01-02; "": until it is taken out
	Reason string `json:"reason"`          // in the operator's words
	By     string `json:"by"`              // who pinned it
}

// PinsJSON is how pins stand in a field change.
func PinsJSON(pins []Pin) string {
	text, err := marshal(orEmpty(pins))
	if err != nil { // a field that is there always marshals
		panic(err)
	}
	return string(text)
}
