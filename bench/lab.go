package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/devopsfaith/krakend-lambda/bench/load"
)

// lab is where measurements are made: the programs, built, and the Invoke API, running.
type lab struct {
	options
	stderr io.Writer // of all processes, so it must be safe for concurrent use
	dir    string    // temporary: the programs, the certificate, and a home without AWS files
	api    *process
	// machine is what all results begin with.
	machine machine
	urls    struct {
		Plain   string `json:"plain"`
		TLS     string `json:"tls"`
		Control string `json:"control"`
	}
}

// newLab builds the programs and starts the Invoke API. close must be called.
func newLab(ctx context.Context, o options, stderr io.Writer) (_ *lab, err error) {
	l := &lab{options: o, stderr: stderr, machine: thisMachine(ctx)}
	l.machine.Smoke, l.machine.Partial = o.smoke, o.filtered
	if l.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, program := range []struct{ name, dir, pkg string }{
		{"server", ".", "./server"},
		{"worker", ".", "./worker"},
		{"worker-ours-1.4", filepath.Join("lura1", "ours"), "."},
		{"worker-published-1.4", filepath.Join("lura1", "published"), "."},
	} {
		build := exec.CommandContext(ctx, "go", "build", "-o", l.program(program.name), program.pkg)
		build.Dir, build.Stdout, build.Stderr = program.dir, stderr, stderr
		build.Env = append(os.Environ(), "GOWORK=off")
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("building %s: %w", program.name, err)
		}
	}
	if l.machine.Versions, err = l.versions(); err != nil {
		return nil, err
	}
	if l.api, err = l.process(ctx, "server", "-ca", l.ca()); err != nil {
		return nil, err
	}
	if err := l.api.out.Decode(&l.urls); err != nil {
		return nil, fmt.Errorf("starting the Invoke API: %w", err)
	}
	return l, nil
}

func (l *lab) ca() string { return filepath.Join(l.dir, "ca.pem") }

func (l *lab) program(name string) string { return filepath.Join(l.dir, name) }

func (l *lab) close() error {
	var err error
	if l.api != nil {
		err = l.api.close()
	}
	return errors.Join(err, os.RemoveAll(l.dir))
}

// countsTimeout bounds how long the Invoke API may take to tell what it has counted.
const countsTimeout = 30 * time.Second

// counts asks the Invoke API what it has counted.
func (l *lab) counts() (c load.Counts, err error) {
	client := http.Client{Timeout: countsTimeout}
	reply, err := client.Get(l.urls.Control + "/counts")
	if err != nil {
		return c, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return c, fmt.Errorf("asking the Invoke API for its counts: %s", reply.Status)
	}
	return c, json.NewDecoder(reply.Body).Decode(&c)
}

// proved has the worker execute a command and checks its answer against what the Invoke
// API has counted: as many invocations, and all of their payloads. It also returns how many
// connections were opened.
func (l *lab) proved(w worker, c load.Command) (a load.Answer, opened int, err error) {
	before, err := l.counts()
	if err != nil {
		return a, 0, err
	}
	if a, err = w.do(c); err != nil {
		return a, 0, err
	}
	after, err := l.counts()
	if err != nil {
		return a, 0, err
	}
	if err := prove(a, c.PayloadSize, before, after); err != nil {
		return a, 0, fmt.Errorf("%s: %s: %w", w.Name, c.Op, err)
	}
	return a, after.Plain + after.TLS - before.Plain - before.TLS, nil
}

// prove tells where an answer's calls are not those that the Invoke API has got between
// two counts, each with a payload of so many bytes.
func prove(a load.Answer, payload int, before, after load.Counts) error {
	if got := after.Calls - before.Calls; got != a.Calls {
		return fmt.Errorf("the worker has made %d calls, and the Invoke API got %d", a.Calls, got)
	}
	if got, want := after.Bytes-before.Bytes, int64(a.Calls)*int64(payload); got != want {
		return fmt.Errorf("the payloads of %d calls have %d bytes, and the Invoke API got %d", a.Calls, want, got)
	}
	return nil
}

// process is a program that ends with its standard input.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// process starts a program that newLab has built, with an environment in which nothing
// leads to AWS. It is killed when ctx ends.
func (l *lab) process(ctx context.Context, program string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, l.program(program), args...)
	cmd.Dir, cmd.Stderr = l.dir, l.stderr
	cmd.Env = []string{
		"HOME=" + l.dir,
		"SSL_CERT_FILE=" + l.ca(),
		"AWS_ACCESS_KEY_ID=" + load.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + load.SecretAccessKey,
		"AWS_REGION=" + load.Region,
		"AWS_EC2_METADATA_DISABLED=true",
		// Far above what calls need: it keeps the garbage of many large replies within
		// what a machine has.
		"GOMEMLIMIT=8GiB",
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd: cmd, in: in, out: json.NewDecoder(out)}, nil
}

// close ends the process and waits for its end, whose error it returns.
func (p *process) close() error {
	p.in.Close()
	kill := time.AfterFunc(5*time.Second, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(p.cmd.Path), err)
	}
	return nil
}

// worker is the process of a contestant.
type worker struct {
	*process
	contestant
}

// do has the worker execute a command.
func (w worker) do(c load.Command) (a load.Answer, err error) {
	if err = json.NewEncoder(w.in).Encode(c); err == nil {
		err = w.out.Decode(&a)
	}
	if err == nil && a.Error != "" {
		err = errors.New(a.Error)
	}
	if err != nil {
		err = fmt.Errorf("%s: %s: %w", w.Name, c.Op, err)
	}
	return a, err
}

// chosen are the contestants that the command line lets take part.
func (l *lab) chosen() []contestant {
	return slices.DeleteFunc(contestants(), func(c contestant) bool { return !l.only.MatchString(c.Name) })
}

// workers starts a worker for each contestant. closeAll ends them.
func (l *lab) workers(ctx context.Context, all []contestant) (ws []worker, err error) {
	for _, c := range all {
		p, err := l.process(ctx, c.binary, c.args...)
		if err != nil {
			return nil, errors.Join(err, closeAll(ws))
		}
		ws = append(ws, worker{p, c})
	}
	return ws, nil
}

func closeAll(ws []worker) error {
	var errs []error
	for _, w := range ws {
		errs = append(errs, w.close())
	}
	return errors.Join(errs...)
}

// rotated returns the order of a round: each begins with another one, and odd ones go the
// other way round, so that none always follows the same.
func rotated[T any](all []T, round int) []T {
	n := round % max(len(all), 1)
	order := slices.Concat(all[n:], all[:n])
	if round%2 == 1 {
		slices.Reverse(order[min(1, len(order)):])
	}
	return order
}

func writeJSON(dir, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), append(b, '\n'), 0o644)
}

func readJSON(file string, to any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, to); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}
