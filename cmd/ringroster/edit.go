package main

import (
	"context"
	"fmt"

	"ringroster/cmd/ringroster/config"
	"ringroster/cmd/ringroster/wire"
	"ringroster/store"
	"ringroster/store/views"
	"ringroster/sync"
)

// withWriter reads the settings and opens the roster for an operator's edit around
// f.
func (a *app) withWriter(ctx context.Context, f func(*config.Settings, *store.Store) error) error {
	s, err := a.settings()
	if err != nil {
		return err
	}
	st, err := wire.OpenWrite(ctx, s, false)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	return f(s, st)
}

// edit makes an operator's edit as a run of its own.
func (a *app) edit(ctx context.Context, s *config.Settings, st *store.Store, run sync.Run, edit sync.Edit) (sync.RunID, *sync.Plan, error) {
	observer, done, err := a.observer(s)
	if err != nil {
		return 0, nil, err
	}
	defer done()
	return a.writer(s, st, observer).Edit(ctx, run, edit)
}

// editMember edits the one member that who means, whichever account it is in, and
// says what changed.
func (a *app) editMember(ctx context.Context, who string, d decision, trigger sync.Trigger, edit func(member int64) sync.Edit) error {
	return a.withWriter(ctx, func(s *config.Settings, st *store.Store) error {
		row, err := st.FindOne(ctx, who)
		if err != nil {
			return err
		}
		return a.editMemberOn(ctx, s, st, row, d, trigger, edit(row.MemberID))
	})
}

func (a *app) editMemberOn(ctx context.Context, s *config.Settings, st *store.Store, row *views.RosterRow, d decision, trigger sync.Trigger, edit sync.Edit) error {
	id, plan, err := a.edit(ctx, s, st, d.run(s, trigger, row.Account), edit)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(a.stdout, "Run %d\n", id)
	printChanges(a.stdout, plan.Changes)
	return nil
}

// memberRow finds a member by its id alone.
func memberRow(ctx context.Context, st *store.Store, member int64) (*views.RosterRow, error) {
	row, err := st.FindOne(ctx, fmt.Sprint(member))
	if err == nil && row.MemberID != member { // the number is an agent's id as well
		err = &sync.UnknownError{Who: fmt.Sprint(member)}
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}
