package views

import "reflect"

// rosterColumns are the columns of the view roster, in their order.
var rosterColumns = func() (names []string) {
	for f := range reflect.TypeFor[RosterRow]().Fields() {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}()

// SupervisorsColumn is the one column that is worked out of others' rows.
const SupervisorsColumn = "supervisors"

// Unseen says of a row m of members that it was not in the last snapshot: a linked member
// that is neither absent nor inactive was.
const Unseen = `m.linked = 0 OR m.status = 'inactive' OR m.absent_days > 0`
