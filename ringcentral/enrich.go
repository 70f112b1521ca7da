package ringcentral

import (
	"context"
	"fmt"
	"slices"
	stdsync "sync"

	"ringroster/sync"
)

// ringEX reads what RingEX adds: whose account this is, the extensions, and the
// roles if they are asked for.
func (r *reading) ringEX(ctx context.Context) error {
	g, ctx := newTasks(ctx)
	g.Go(func() error {
		account, err := r.account()
		r.s.Identity.RingEXAccountID = string(account.ID)
		if err == nil && (r.c.Regional || r.c.EmployeeField != "") {
			r.regional(account.Regional)
		}
		return err
	})
	g.Go(func() error { return r.extensions(ctx) })
	if r.c.Roles {
		g.Go(func() error { return r.roles(ctx) })
		g.Go(func() error { return r.assigned(ctx) })
	}
	return g.Wait()
}

func (r *reading) extensions(ctx context.Context) error {
	pages, err := proved(ctx, func(ctx context.Context) ([]*page[sync.Extension], error) {
		var mu stdsync.Mutex
		done, records := 0, 0
		pages, err := r.c.extensionPages(ctx, func(of, n int) {
			mu.Lock()
			defer mu.Unlock()
			done, records = done+1, records+n
			r.progress(sync.Progress{Step: "extensions", Done: done, Of: of, People: records}, 0)
		})
		if err != nil {
			return nil, err
		}
		return pages, provePages("extensions", pages, func(x *sync.Extension) string { return x.ID })
	})
	if err != nil {
		return err
	}
	r.total = pages[0].total
	r.pages.Store(int64(len(pages)))
	faulty := 0
	records := make([][]sync.Extension, len(pages))
	for i, p := range pages {
		records[i] = p.records
		faulty += len(p.faults)
	}
	r.s.Extensions = slices.Concat(records...)
	r.length = len(r.s.Extensions)
	if faulty > 0 {
		r.warn(WarningFaultyExtension, "%d extension records cannot be read in full: whoever has them is a conflict", faulty)
	}
	return nil
}

func (r *reading) roles(ctx context.Context) error {
	pages, err := proved(ctx, func(ctx context.Context) ([]*page[wireRole], error) {
		pages, err := r.c.rolePages(ctx)
		if err != nil {
			return nil, err
		}
		return pages, provePages("roles", pages, func(w *wireRole) string { return string(w.ID) })
	})
	if err != nil {
		return err
	}
	for _, p := range pages {
		for i := range p.records {
			w := &p.records[i]
			if w.ID == "" {
				return &Error{Op: "roles", kind: kindNonsense, Message: fmt.Sprintf("record %d of the page has no id: nobody's access can be decided", i+1)}
			}
			r.s.Roles = append(r.s.Roles, w.role(p.faults[i]))
		}
	}
	return nil
}

func (r *reading) assigned(ctx context.Context) error {
	pages, err := proved(ctx, func(ctx context.Context) ([]*page[wireAssigned], error) {
		pages, err := r.c.assignedPages(ctx)
		if err != nil {
			return nil, err
		}
		return pages, provePages("assigned roles", pages, func(w *wireAssigned) string { return string(w.ExtensionID) })
	})
	if err != nil {
		return err
	}
	r.s.Assigned = map[string][]string{}
	for _, p := range pages {
		for i, w := range p.records {
			if fault := w.fault(p.faults[i]); fault != "" {
				return &Error{Op: "assigned roles", kind: kindNonsense, Message: fmt.Sprintf(
					"the record of extension %s cannot be read, %s: somebody's access cannot be decided", first(string(w.ExtensionID), "?"), fault)}
			}
			ids := make([]string, len(w.Roles))
			for j, role := range w.Roles {
				ids[j] = string(role.ID)
			}
			r.s.Assigned[string(w.ExtensionID)] = ids
		}
	}
	return nil
}
