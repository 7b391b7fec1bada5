package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// readyTimeout bounds the start of a gateway, stopTimeout the end of a process.
	readyTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
)

// A process is one that this program has started.
type process struct {
	addr string // host:port

	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
	err    error         // of its end; set before exited is closed
}

// startProcess starts cmd, which asks the process to end when its context does, and on
// Linux when this process is gone, however that ended.
func startProcess(cmd *exec.Cmd) (*process, error) {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	cmd.SysProcAttr = endWithParent()
	p := &process{cmd: cmd, exited: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// await returns when the process answers a request of l as it should.
func (p *process) await(ctx context.Context, l load) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		err := l.once(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return p.ended()
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ended tells of a process that has ended by itself.
func (p *process) ended() error {
	select {
	case <-p.exited:
		if p.err == nil {
			return errors.New("the process ended")
		}
		return fmt.Errorf("the process ended: %w", p.err)
	default:
		return nil
	}
}

// stop ends the process. Its error is that the process had ended before.
func (p *process) stop() error {
	if err := p.ended(); err != nil {
		return err
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		p.cmd.Process.Kill()
		<-p.exited
	}
	return nil
}

// ticksPerSecond is the unit of CPU times in Linux's /proc.
const ticksPerSecond = 100

// usage is what a process has used of the CPUs at a time.
type usage struct {
	at   time.Time
	cpu  time.Duration // as user and for the system, in steps of 10 ms
	told bool          // by the system, which only Linux does
}

func (p *process) usage() usage {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	u := usage{at: time.Now()}
	if err == nil {
		u.cpu, u.told = parseStat(string(stat))
	}
	return u
}

// since is the use from then on, in µs a second. It is NaN where the system does not
// tell.
func (u usage) since(then usage) float64 {
	if !u.told || !then.told {
		return math.NaN()
	}
	return microseconds(u.cpu-then.cpu) / u.at.Sub(then.at).Seconds()
}

// parseStat reads utime and stime of proc_pid_stat(5), whose unit is the same on every
// machine.
func parseStat(stat string) (time.Duration, bool) {
	// The second field is the program's name in parentheses, which may have blanks, and
	// parentheses of its own.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, false
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, false
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, true
}
