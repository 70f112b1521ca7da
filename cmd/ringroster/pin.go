package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ringroster/cmd/ringroster/config"
	"ringroster/ringcentral"
	"ringroster/store"
	"ringroster/sync"
	"ringroster/sync/edit"
)

func rosterPinCommand(a *app) *cobra.Command {
	var d decision
	var until, reason string
	c := &cobra.Command{
		Use: "pin MEMBER FIELD=VALUE", Short: "Hold one synced field of a member against the sync", Args: cobra.ExactArgs(2),
		Long: `Gives a field that RingCentral owns another value, and keeps it whatever RingCentral
reports. With --until the pin ends by itself after that day (UTC); ` + "`unpin`" + ` ends it at
once. Then RingCentral's value comes back.

` + memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			pin, err := parsePin(args[1], until, time.Now())
			if err != nil {
				return err
			}
			pin.Reason, pin.By = reason, operator(d.actor)
			return a.pinMember(c.Context(), args[0], d, pin)
		},
	}
	c.Flags().StringVar(&until, "until", "", "the last day on which it holds, UTC, such as 2026-12-31; else until it is taken out")
	c.Flags().StringVar(&reason, "reason", "", "why, for whoever finds it")
	_ = c.MarkFlagRequired("reason") // the flag is there
	d.authorFlags(c)
	return c
}

func rosterUnpinCommand(a *app) *cobra.Command {
	var d decision
	c := &cobra.Command{
		Use: "unpin MEMBER FIELD", Short: "Give a pinned field back to the sync", Args: cobra.ExactArgs(2),
		Long: memberHelp,
		RunE: func(c *cobra.Command, args []string) error {
			field, ok := sync.ParseField(args[1])
			if !ok {
				return usagef("%q is no synced field: %s", args[1], fieldNames())
			}
			return a.editMember(c.Context(), args[0], d, sync.ByHand, func(id int64) sync.Edit { return edit.Unpin(id, field) })
		},
	}
	d.authorFlags(c)
	return c
}

// parsePin reads FIELD=VALUE and the last day.
func parsePin(assignment, until string, now time.Time) (sync.Pin, error) {
	name, value, ok := strings.Cut(assignment, "=")
	field, synced := sync.ParseField(name)
	_, own := sync.ParseOwnField(name)
	switch {
	case !ok:
		return sync.Pin{}, usagef("%q: give FIELD=VALUE", assignment)
	case own:
		return sync.Pin{}, usagef("%s belongs to the roster, and no sync changes it: `ringroster roster set` is enough", name)
	case !synced:
		return sync.Pin{}, usagef("%q is no synced field: %s", name, fieldNames())
	}
	value, err := syncedValue(field, value)
	if err != nil {
		return sync.Pin{}, err
	}
	pin := sync.Pin{Field: field, Value: value, Until: until}
	if until == "" {
		return pin, nil
	}
	if _, err := time.Parse(time.DateOnly, until); err != nil {
		return pin, usagef("--until must be a day such as 2026-12-31, not %q", until)
	}
	if pin.Ended(now) {
		return pin, usagef("--until %s is over already", until)
	}
	return pin, nil
}

// syncedValue is a value for a field that RingCentral owns, as a sync would store it; what
// none would is refused.
func syncedValue(field sync.Field, value string) (string, error) {
	if err := sync.CheckText(field.String(), value); err != nil {
		return "", &usageError{err}
	}
	known := value
	switch field {
	case sync.Email:
		if !addressable(value) {
			return "", usagef("%q is no e-mail address", value)
		}
	case sync.TimeZone:
		known = ringcentral.IANAZone(value)
	case sync.Language:
		known = ringcentral.BCP47(value)
	}
	if known == "" && value != "" {
		return "", usagef("%s %q is none that is known: give an IANA time zone such as America/Chicago, or a language such as en-US", field, value)
	}
	return known, nil
}

func fieldNames() string {
	var names []string
	for _, f := range sync.Fields() {
		names = append(names, f.String())
	}
	return strings.Join(names, ", ")
}

// pinMember pins; a role is one that the member's account can have.
func (a *app) pinMember(ctx context.Context, who string, d decision, pin sync.Pin) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		if pin.Field == sync.Role {
			var err error
			if pin.Value, err = knownRole(s, pin.Value); err != nil {
				return err
			}
		}
		row, err := st.FindOne(ctx, who)
		if err != nil {
			return err
		}
		return a.editMemberOn(ctx, s, st, row, d, sync.ByHand, edit.PinField(row.MemberID, pin))
	})
}

// knownRole is a role as the settings write it; one that they cannot yield is
// refused: it would be a typing error.
func knownRole(s *config.Settings, role string) (string, error) {
	policy := s.Policy(&s.Accounts[0]) // roles are the same for all accounts
	roles := policy.YieldableRoles()
	for _, known := range roles {
		if sync.SameText(known, role) {
			return known, nil
		}
	}
	return "", usagef("there is no role %q: role_map and RingCX know %s", role, strings.Join(roles, ", "))
}
