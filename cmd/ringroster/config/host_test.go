package config

import "testing"

func TestNameOfMachine(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct{ name, id, want string }{
		{"an id, which is not to be read from the name", id + "\n", "machine-"},
		{"no newline at its end", id, "machine-"},
		{"an empty file, as in many images", "", ""},
		{"the first boot", "uninitialized\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := nameOfMachine(test.id)
			if test.want != "" {
				test.want = nameOfMachine(id)
			}
			if got != test.want || len(got) > 24 {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	if nameOfMachine(id) == nameOfMachine(id[1:]+"0") {
		t.Error("two machines have one name")
	}
}

func TestHostOfTheSettings(t *testing.T) {
	if got := (&Settings{Host: "roster-1"}).HostName(); got != "roster-1" {
		t.Errorf("%q, want what the settings say", got)
	}
}
