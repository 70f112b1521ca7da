package benchtest

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"ringroster/cmd/ringroster/wire"
	"ringroster/ringcentral/simulator"
)

// usage is what one process took.
type usage struct {
	cpu, wall time.Duration
	peak      int // VmHWM, in KiB
	out       string
}

// rounds are measurements of one thing, made in turn with others.
type rounds []usage

// median is the middle of what f says of each round.
func median[T cmp.Ordered](r rounds, f func(usage) T) T {
	values := make([]T, len(r))
	for i, u := range r {
		values[i] = f(u)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (r rounds) cpu() float64 { return median(r, func(u usage) float64 { return u.cpu.Seconds() }) }

func (r rounds) wall() float64 { return median(r, func(u usage) float64 { return u.wall.Seconds() }) }
func (r rounds) peak() int     { return median(r, func(u usage) int { return u.peak }) }
func (r rounds) highest() int {
	return slices.MaxFunc(r, func(a, b usage) int { return a.peak - b.peak }).peak
}
func (r rounds) spread() string { return fmt.Sprintf("%.2f s CPU, %.2f s", r.cpu(), r.wall()) }

// workshop is a folder with settings for one simulated RingCentral, in which
// processes are run.
type workshop struct {
	t       *testing.T
	dir     string
	program string // the ringroster that is measured
}

func newWorkshop(t *testing.T, program string, world *simulator.World, address, more string) *workshop {
	s := &workshop{t: t, dir: t.TempDir(), program: program}
	if err := os.WriteFile(s.path("config.yaml"), []byte(wire.SimulatorSettings(world, address)+more), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *workshop) path(name string) string { return filepath.Join(s.dir, name) }

// run runs a program to its end. Its log goes to a file; what it must not do is
// fail.
func (s *workshop) run(program string, args ...string) usage {
	s.t.Helper()
	var out bytes.Buffer
	c, log := s.command(program, args...)
	c.Stdout = &out
	began := time.Now()
	err := c.Start()
	var u usage
	if err == nil {
		stop := u.watchPeak(c.Process.Pid)
		err = c.Wait()
		stop()
	}
	u.wall, u.out = time.Since(began), out.String()
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		s.t.Fatalf("%s %v: %v\n%s%s", filepath.Base(program), args, err, u.out, text[max(0, len(text)-2000):])
	}
	_ = log.Close()
	u.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	return u
}

// watchPeak looks at VmHWM (proc(5)) until stop is called. It only grows, so that
// looking from time to time misses no peak but one in the last moment. What Linux
// says after the end is of no use: there it counts the memory of the process that
// started this one, too.
func (u *usage) watchPeak(pid int) (stop func()) {
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			u.peak = max(u.peak, peakOf(strconv.Itoa(pid)))
			select {
			case <-ended:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(ended); <-stopped }
}

// peakOf is VmHWM of a process, in KiB; 0: it is gone.
func peakOf(process string) (kib int) {
	text, _ := os.ReadFile("/proc/" + process + "/status")
	if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
		kib, _ = strconv.Atoi(strings.Fields(rest)[0])
	}
	return kib
}

func (s *workshop) command(program string, args ...string) (*exec.Cmd, *os.File) {
	c := command(program, args...)
	c.Dir = s.dir
	c.Env = append(c.Environ(), "RINGROSTER_CONFIG=", "NOTIFY_SOCKET=", "JOURNAL_STREAM=", "STATE_DIRECTORY=")
	log, err := os.Create(s.path("log"))
	if err != nil {
		s.t.Fatal(err)
	}
	c.Stderr = log
	return c, log
}

// roster puts a kept copy of a roster in place; "" leaves none.
func (s *workshop) roster(from string) {
	s.t.Helper()
	old, _ := filepath.Glob(s.path("roster.db*"))
	for _, name := range old {
		_ = os.Remove(name)
	}
	if from != "" {
		s.copyFile(from, "roster.db")
	}
}

// keep sets the roster as it is aside under a name.
func (s *workshop) keep(name string) string {
	s.t.Helper()
	s.copyFile("roster.db", name)
	return name
}

func (s *workshop) copyFile(from, to string) {
	s.t.Helper()
	in, err := os.Open(s.path(from))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(s.path(to), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = io.Copy(out, in)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// sql runs the sqlite3 shell on a file there.
func (s *workshop) sql(file string, commands ...string) usage {
	s.t.Helper()
	return s.run("sqlite3", append([]string{"-bail", file}, commands...)...)
}

// otherProcess is a simulator of its own.
type otherProcess struct {
	t                *testing.T
	cmd              *exec.Cmd
	address, control string
}

// startSimulator starts one; it ends with the test, or with its standard input
// when the test is killed.
func startSimulator(t *testing.T, people int) *otherProcess {
	p := &otherProcess{t: t, cmd: command("bench-simulator", "-people", strconv.Itoa(people))}
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = p.cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	for _, into := range []*string{&p.address, &p.control} {
		if !lines.Scan() {
			t.Fatal("the simulator did not start")
		}
		*into = lines.Text()
	}
	return p
}

// turn makes it the quiet company, or the one after benchDay.
func (p *otherProcess) turn(world string) { p.ask(http.MethodPost, "/turn/"+world, nil) }

// calls counts the requests since the last time, by operation.
func (p *otherProcess) calls() map[simulator.Operation]int {
	var c struct {
		Calls map[simulator.Operation]int `json:"calls"`
	}
	p.ask(http.MethodGet, "/counters", &c)
	p.ask(http.MethodDelete, "/counters", nil)
	return c.Calls
}

func (p *otherProcess) ask(method, path string, into any) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.control+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if into != nil {
		if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
			p.t.Fatal(err)
		}
	}
}

// cpu is what the simulator has used so far, from /proc/PID/stat (proc(5)).
func (p *otherProcess) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	const utime, stime, ticks = 11, 12, 100 // a second has 100 on every Linux we know
	user, _ := strconv.Atoi(fields[utime])
	system, _ := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * time.Second / ticks
}

func sum(calls map[simulator.Operation]int) (n int) {
	for count := range maps.Values(calls) {
		n += count
	}
	return n
}

// untilReady starts the service and says how long it took until it told systemd
// to be ready (sd_notify(3)).
func (s *workshop) untilReady() usage {
	s.t.Helper()
	if runtime.GOOS != "linux" {
		s.t.Fatal("the bench is for Linux")
	}
	address := s.path("notify")
	_ = os.Remove(address)
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, log := s.command(s.program, "run", "--new")
	defer func() { _ = log.Close() }()
	c.Env = append(c.Env, "NOTIFY_SOCKET="+address)
	began := time.Now()
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	_ = l.SetReadDeadline(began.Add(time.Minute))
	buf := make([]byte, 4096)
	for ready := false; !ready; {
		n, err := l.Read(buf)
		if err != nil {
			s.t.Fatalf("the service does not get ready: %v", err)
		}
		ready = slices.Contains(strings.Split(string(buf[:n]), "\n"), "READY=1")
	}
	u := usage{wall: time.Since(began)}
	_ = c.Process.Signal(syscall.SIGTERM)
	_ = c.Wait()
	return u
}
