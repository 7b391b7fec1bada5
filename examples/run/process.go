//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// stopTimeout is how long a process may take to end before it is killed.
	stopTimeout = 10 * time.Second
	// keptLines is how many of its last lines of output a process keeps.
	keptLines = 20
)

// process is a program that this one started.
type process struct {
	name string
	cmd  *exec.Cmd
	// followed passes every further line of output on to stderr.
	followed atomic.Bool
	// done is closed when the process has ended; err and lines are for reading
	// from then on.
	done  chan struct{}
	err   error
	lines []string
}

// start starts a program in a new process group. So Ctrl-C reaches only this program, which stops
// the others in order.
func start(name string, env []string, path string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Env = env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		p.read(output)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

func (p *process) read(output io.Reader) {
	r := bufio.NewReader(output)
	for {
		line, err := r.ReadString('\n')
		if line = strings.TrimRight(line, "\n"); line != "" {
			line = fmt.Sprintf("%-9s | %s\n", p.name, line)
			if p.followed.Load() {
				fmt.Fprint(os.Stderr, line)
			}
			p.lines = append(p.lines[max(0, len(p.lines)+1-keptLines):], line)
		}
		if err != nil {
			return
		}
	}
}

// waitUntilAnswers returns nil as soon as a GET of url is answered.
func (p *process) waitUntilAnswers(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	for {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			return resp.Body.Close()
		}
		select {
		case <-p.done:
			return p.died()
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer at %s: %w", p.name, url, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// died returns the error of a process that ended unexpectedly, with its last output.
func (p *process) died() error {
	<-p.done
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Errorf("%s ended unexpectedly (%s); its last output:\n%s", p.name, how, strings.Join(p.lines, ""))
}

// stop ends the process, unless it has ended already, and waits for its end.
func (p *process) stop() {
	p.followed.Store(false)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return
	}
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		fmt.Fprintf(os.Stderr, "%s does not stop, killing it\n", p.name)
		p.cmd.Process.Kill()
		<-p.done
	}
}
