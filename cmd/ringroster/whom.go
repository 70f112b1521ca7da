package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ringroster/store"
	"ringroster/sync"
)

// One grammar for whom a command is about: what sync.Whom lists. Members are found
// here, people of RingCentral by the planner; both with the same errors, which are
// of usage (R28).

// memberHelp is what a command says of an argument MEMBER, whoHelp of WHO.
const (
	memberHelp = "MEMBER is " + sync.Whom + ". A number that is a member id means that member."
	whoHelp    = "WHO is " + sync.Whom + "."
)

// oneMember finds the one member that who means.
func oneMember(ctx context.Context, st *store.Store, who string) (*store.RosterRow, error) {
	rows, err := st.Find(ctx, who)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(rows, func(r store.RosterRow) bool { return fmt.Sprint(r.MemberID) == who }); i >= 0 {
		return &rows[i], nil
	}
	switch len(rows) {
	case 0:
		return nil, &sync.UnknownError{Who: who}
	case 1:
		return &rows[0], nil
	}
	e := &sync.AmbiguousError{Who: who, What: "members"}
	for i := range rows {
		e.Candidates = append(e.Candidates, candidateText(&rows[i]))
	}
	return nil, e
}

// candidateText tells a member from others that are called the same.
func candidateText(r *store.RosterRow) string {
	about := []string{"account " + r.Account, strings.TrimSpace(r.FirstName + " " + r.LastName), r.Email, string(r.Status), r.Role}
	if r.RCUserID != "" {
		about = append(about, "rc:"+r.RCUserID)
	}
	about = slices.DeleteFunc(about, func(s string) bool { return s == "" })
	return fmt.Sprintf("%d (%s)", r.MemberID, strings.Join(about, ", "))
}

// members finds the members that several words mean, each once and all or none.
func members(ctx context.Context, st *store.Store, who []string) (rows []*store.RosterRow, err error) {
	for _, one := range who {
		row, err := oneMember(ctx, st, one)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(rows, func(r *store.RosterRow) bool { return r.MemberID == row.MemberID }) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// asUsage makes wrong usage of the first plan that could not be made because its
// command's word for somebody means nobody, or several.
func asUsage(results []sync.Result) error {
	for i := range results {
		if err := results[i].Err; sync.NotOne(err) {
			return err
		}
	}
	return nil
}
