package dbfile

import "testing"

// Before Linux 5.8 a file that is mounted by itself is found by its line in
// /proc/self/mountinfo.
func TestListsMount(t *testing.T) {
	const mountinfo = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n" +
		"95 22 8:1 /srv/roster.db /tmp/roster\\040with\\040a\\134\\040space.db rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	for path, want := range map[string]bool{
		`/tmp/roster with a\ space.db`: true,
		`/`:                            true,
		`/srv/roster.db`:               false, // what is mounted there, and not where
		`/tmp/roster`:                  false,
	} {
		if got := listsMount(mountinfo, path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}
