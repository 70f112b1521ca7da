package modeltest

import (
	"fmt"
	"maps"
	"strings"
)

// keptLogins begins the field of a rejected loss of logins, of which a member may have several:
// each keeps its own logins (R26).
const keptLogins = "logins kept "

// keptKey is what a loss of logins is about once it was rejected.
func (k heldKey) keptKey(ended map[loginKey]bool) heldKey {
	return heldKey{k.member, keptLogins + fmt.Sprint(ended)}
}

func (k heldKey) isKept() bool { return strings.HasPrefix(k.field, keptLogins) }

// keeps are the logins of a member of which somebody rejected that they end.
func (r *modelRoster) keeps(member int64) map[loginKey]bool {
	kept := map[loginKey]bool{}
	for key, row := range r.open {
		if key.member == member && key.isKept() {
			maps.Copy(kept, row.ended)
		}
	}
	return kept
}

// keepsAll says whether that is so of all that a list lost of somebody.
func (p *planning) keepsAll(m *modelMember, list string) bool {
	any, kept := false, p.keeps(m.id)
	for login, row := range p.before[m.id].logins {
		if row.active && listsOf(map[loginKey]loginRow{login: row}, "")[list] {
			if any = true; !kept[login] {
				return false
			}
		}
	}
	return any
}

// keepLogins leaves somebody the logins of which was rejected that they end, and counts the days on
// which they are there (R26).
func (p *planning) keepLogins(m *modelMember) {
	was, read := p.before[m.id].logins, maps.Clone(m.logins)
	for key, row := range p.open {
		if key.member != m.id || !key.isKept() {
			continue
		}
		missing := false
		for login := range row.ended {
			if was[login].active && !read[login].active {
				m.logins[login], missing = was[login], true
			}
		}
		if !missing && row.right(p.today) {
			delete(p.open, key)
		}
	}
}
