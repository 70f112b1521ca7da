package benchtest

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// benchVersion is the version of the program that these tests are.
const benchVersion = "bench"

// processes are what TestBench measures against. Each is this test binary in a process of
// its own, and no part of the product.
var processes = map[string]func() error{
	"bench-simulator": benchSimulator,
	"bench-fetch":     benchFetch,
	"bench-apply":     benchApply,
	"bench-deliver":   benchDeliver,
}

// processVariable tells the test binary which of the processes it is.
const processVariable = "RINGROSTER_BENCH_PROCESS"

func TestMain(m *testing.M) {
	name := os.Getenv(processVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := processes[name](); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// command is a program, or one of the processes.
func command(program string, args ...string) *exec.Cmd {
	if processes[program] == nil {
		return exec.Command(program, args...)
	}
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), processVariable+"="+program)
	return c
}
