package ringcentral

import (
	"context"
	"net/http"
	"slices"
	"time"

	"ringroster/sync"
)

// LookAgain reads a second time what leavers depend on, with the same proofs, in
// the same session (R2). The answer holds only what was asked for.
func (d *Directory) LookAgain(ctx context.Context, look sync.Look, report func(sync.Progress)) (_ *sync.Snapshot, err error) {
	defer d.c.tellSilence(ctx, &err)
	report, stop := d.c.listen(report)
	defer stop()
	defer emptyShelves()
	g, gctx := newTasks(ctx)
	r := d.reading(gctx, report)
	if look.RingCX {
		g.Go(func() error { return r.ringCX(gctx) })
	}
	if look.Roles {
		g.Go(func() error { return r.roles(gctx) })
		g.Go(func() error { return r.assigned(gctx) })
	}
	if len(look.Extensions) > 0 {
		g.Go(func() error { return d.extensionsAgain(gctx, r, look.Extensions) })
	}
	if err := g.Wait(); err != nil {
		return nil, d.c.secrets.finish(err)
	}
	if look.RingCX {
		if err := r.somebody(); err != nil {
			return nil, err
		}
	}
	return &sync.Snapshot{
		Account: r.s.Account, TakenAt: time.Now(), Admins: r.s.Admins, SubAccounts: r.s.SubAccounts,
		Extensions: r.s.Extensions, Roles: r.s.Roles, Assigned: r.s.Assigned, Lists: r.lists(),
	}, nil
}

// extensionsAgain reads some extensions a second time: each alone where that takes
// fewer calls than the pages of the list had.
func (d *Directory) extensionsAgain(ctx context.Context, r *reading, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if int64(len(ids)) < d.extensionPages.Load() {
		return r.eachExtension(ctx, ids)
	}
	if err := r.extensions(ctx); err != nil {
		return err
	}
	r.s.Extensions = slices.DeleteFunc(r.s.Extensions, func(x sync.Extension) bool {
		_, asked := slices.BinarySearch(ids, x.ID)
		return !asked
	})
	return nil
}

// eachExtension reads extensions one by one, in the order of their ids, and leaves
// out those that are gone.
func (r *reading) eachExtension(ctx context.Context, ids []string) error {
	found := make([]*sync.Extension, len(ids))
	done := 0
	g, ctx := newTasks(ctx)
	g.SetLimit(lookupsAtOnce)
	for i, id := range ids {
		g.Go(func() (err error) {
			if found[i], err = r.c.extensionAlone(ctx, id); err != nil {
				return err
			}
			r.countExtension(&done, len(ids))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, x := range found {
		if x != nil {
			r.s.Extensions = append(r.s.Extensions, *x)
		}
	}
	return nil
}

func (r *reading) countExtension(done *int, of int) {
	r.mu.Lock()
	*done++
	n := *done
	r.mu.Unlock()
	r.progress(sync.Progress{Step: "extensions", Done: n, Of: of, People: n}, 0)
}

// extensionAlone reads one extension; nil: it is gone.
func (c *client) extensionAlone(ctx context.Context, extension string) (*sync.Extension, error) {
	x, err := call(ctx, c, c.oneExtension(extension), func(body []byte) (*sync.Extension, error) {
		return decodeExtension(body, extension, c.EmployeeReference)
	})
	if saysGone(err) {
		return nil, nil
	}
	return x, err
}

// noSuchResource is RingEX's code for an id that does not exist (API.md 2.3).
const noSuchResource = "CMN-102"

// saysGone reports whether RingEX itself says that an extension does not exist. A
// 404 without its code is somebody else's, such as a gateway's (AGW-404), and
// proves nothing.
func saysGone(err error) bool {
	return hasStatus(err, http.StatusNotFound) && codeOf(err) == noSuchResource
}

// decodeExtension reads an extension that was read alone. A record with a fault is
// there, and says of itself only what is certain (R19).
func decodeExtension(body []byte, extension, reference string) (*sync.Extension, error) {
	if err := wants('{', body); err != nil {
		return nil, err
	}
	rows, faults, err := decodeList[wireExtension](slices.Concat([]byte("["), body, []byte("]")), nil)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || string(rows[0].ID) != extension {
		return nil, nonsense("the answer is not about extension %s", clean(extension))
	}
	x := &sync.Extension{}
	rows[0].extension(x, faults[0], reference, newTexts(1))
	return x, nil
}
