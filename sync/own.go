package sync

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// OwnField is a field of a member that belongs to the roster: given once, when
// the member comes to it, and changed by operators alone after that.
type OwnField int

// The roster's own fields, in the order in which they are shown.
const (
	ActivityID OwnField = iota
	Teams
	Categories
	Permissions
	OwnCount
)

var ownNames = [OwnCount]string{"activity_id", "teams", "categories", "permissions"}

// ownEmpty is what a field holds that was never given: lists and permissions
// are JSON, in columns, history and logs alike.
var ownEmpty = [OwnCount]string{"", "[]", "[]", "{}"}

// settable are the names of all fields that operators set.
func settable() []string {
	names := slices.Clone(ownNames[:])
	for f, field := range fieldTable {
		if field.own {
			names = append(names, Field(f).String())
		}
	}
	return names
}

// ParseOwnField finds one of the roster's own fields by its name.
func ParseOwnField(name string) (OwnField, bool) {
	i := slices.Index(ownNames[:], name)
	return OwnField(i), i >= 0
}

func (f OwnField) String() string { return ownNames[f] }

// Own holds a member's values of the roster's own fields, as they stand in its
// columns. The zero value holds nothing.
type Own [OwnCount]string

// Text is the value of one field; lists and permissions are JSON.
func (o *Own) Text(f OwnField) string { return cmp.Or(o[f], ownEmpty[f]) }

// List is the value of Teams or Categories.
func (o *Own) List(f OwnField) (list []string) {
	_ = json.Unmarshal([]byte(o.Text(f)), &list) // a list edited by hand into something else counts as none
	return list
}

// Permission is one of the four things a member may do.
type Permission string

// The permissions, in the order in which they are shown.
const (
	AgentLogin       Permission = "agent_login"
	SupervisorAccess Permission = "supervisor_access"
	InboundCalls     Permission = "inbound_calls"
	OutboundCalls    Permission = "outbound_calls"
)

// AllPermissions are the four.
var AllPermissions = []Permission{AgentLogin, SupervisorAccess, InboundCalls, OutboundCalls}

func permissionNames() string {
	var names []string
	for _, p := range AllPermissions {
		names = append(names, string(p))
	}
	return strings.Join(names, ", ")
}

// Granted gives what is known of the permissions: true, false, or absent.
func (o *Own) Granted() map[Permission]bool {
	granted := map[Permission]bool{}
	_ = json.Unmarshal([]byte(o.Text(Permissions)), &granted) // as in List
	return granted
}

// IsEmpty says whether nothing is in a field, however that is written: {} grants
// nothing and withholds nothing.
func (o *Own) IsEmpty(f OwnField) bool {
	switch f {
	case ActivityID:
		return o[f] == ""
	case Permissions:
		return len(o.Granted()) == 0
	}
	return len(o.List(f)) == 0
}

// SetList writes a list: sorted, each value once.
func (o *Own) SetList(f OwnField, list []string) {
	list = slices.Sorted(slices.Values(list))
	text, _ := Marshal(orEmpty(slices.Compact(list))) // strings always marshal
	o[f] = string(text)
}

// SetGranted writes permissions in their order.
func (o *Own) SetGranted(granted map[Permission]bool) {
	var b strings.Builder
	for _, p := range AllPermissions {
		if on, known := granted[p]; known {
			fmt.Fprintf(&b, ",%q:%t", p, on)
		}
	}
	o[Permissions] = "{" + strings.TrimPrefix(b.String(), ",") + "}"
}

// Set gives one field a value that somebody wrote by hand: an activity, a list
// of names between commas or as JSON, or one of the four permissions, which have
// names of their own, as true or false.
func (o *Own) Set(name, value string) error {
	if err := CheckText(name, value); err != nil {
		return err
	}
	if p := Permission(name); slices.Contains(AllPermissions, p) {
		if value != "true" && value != "false" {
			return fmt.Errorf("%s is true or false, not %q", name, value)
		}
		granted := o.Granted()
		granted[p] = value == "true"
		o.SetGranted(granted)
		return nil
	}
	f, ok := ParseOwnField(name)
	switch {
	case !ok:
		return fmt.Errorf("%q is none of the roster's own fields: %s, or a permission: %s", name, strings.Join(settable(), ", "), permissionNames())
	case f == ActivityID:
		o[ActivityID] = value
	case f == Permissions:
		granted := map[Permission]bool{}
		if err := json.Unmarshal([]byte(value), &granted); err != nil {
			return fmt.Errorf("permissions are JSON such as {%q:true}, not %q; or set %v one by one", AgentLogin, value, AllPermissions)
		}
		for p := range granted {
			if !slices.Contains(AllPermissions, p) {
				return fmt.Errorf("there is no permission %q; there are %v", p, AllPermissions)
			}
		}
		o.SetGranted(granted)
	default:
		list, err := parseList(value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		o.SetList(f, list)
	}
	return nil
}

// parseList reads names between commas, or a JSON list.
func parseList(value string) (list []string, err error) {
	if strings.HasPrefix(strings.TrimSpace(value), "[") {
		if err := json.Unmarshal([]byte(value), &list); err != nil {
			return nil, fmt.Errorf("%q is no list of names", value)
		}
	} else if strings.TrimSpace(value) != "" {
		list = strings.Split(value, ",")
	}
	for i := range list {
		if list[i] = strings.TrimSpace(list[i]); list[i] == "" {
			return nil, fmt.Errorf("%q has an empty name in it", value)
		}
	}
	return list, nil
}
