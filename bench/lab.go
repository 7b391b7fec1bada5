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
	dir    string    // temporary: the certificate, and a home without AWS files
	api    *process
	urls   struct {
		Plain   string `json:"plain"`
		TLS     string `json:"tls"`
		Control string `json:"control"`
	}
}

// newLab builds the programs and starts the Invoke API. close must be called.
func newLab(ctx context.Context, o options, stderr io.Writer) (_ *lab, err error) {
	l := &lab{options: o, stderr: stderr}
	if l.results, err = filepath.Abs(o.results); err != nil {
		return nil, err
	}
	for _, program := range []struct{ name, dir, pkg string }{
		{"server", ".", "./server"},
		{"worker", ".", "./worker"},
		{"worker-ours-1.4", filepath.Join("lura1", "ours"), "."},
		{"worker-published-1.4", filepath.Join("lura1", "published"), "."},
	} {
		build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(l.results, program.name), program.pkg)
		build.Dir, build.Stdout, build.Stderr = program.dir, stderr, stderr
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("building %s: %w", program.name, err)
		}
	}
	if l.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.api, err = l.process(ctx, "server", "-ca", l.ca()); err != nil {
		return nil, err
	}
	if err := l.api.out.Decode(&l.urls); err != nil {
		return nil, fmt.Errorf("starting the Invoke API: %w", err)
	}
	return l, nil
}

func (l *lab) ca() string { return filepath.Join(l.dir, "ca.pem") }

func (l *lab) close() {
	if l.api != nil {
		l.api.close()
	}
	os.RemoveAll(l.dir)
}

// counts asks the Invoke API for its connections.
func (l *lab) counts() (c load.Counts, err error) {
	reply, err := http.Get(l.urls.Control + "/counts")
	if err != nil {
		return c, err
	}
	defer reply.Body.Close()
	return c, json.NewDecoder(reply.Body).Decode(&c)
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
	cmd := exec.CommandContext(ctx, filepath.Join(l.results, program), args...)
	cmd.Dir, cmd.Stderr = l.dir, l.stderr
	cmd.Env = []string{
		"HOME=" + l.dir,
		"SSL_CERT_FILE=" + l.ca(),
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=not-a-secret",
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

// close ends the process and waits for its end.
func (p *process) close() {
	p.in.Close()
	kill := time.AfterFunc(5*time.Second, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	p.cmd.Wait()
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
			closeAll(ws)
			return nil, err
		}
		ws = append(ws, worker{p, c})
	}
	return ws, nil
}

func closeAll(ws []worker) {
	for _, w := range ws {
		w.close()
	}
}

// rotated returns the order of a round: each begins with another one.
func rotated[T any](all []T, round int) []T {
	n := round % max(len(all), 1)
	return slices.Concat(all[n:], all[:n])
}

func writeJSON(dir, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), append(b, '\n'), 0o644)
}
