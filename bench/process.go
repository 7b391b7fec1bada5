package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readyTimeout is the longest time for a gateway to start, and to stop.
const readyTimeout = 30 * time.Second

// gateway is the process of a gateway.
type gateway struct {
	addr   string // host:port
	cmd    *exec.Cmd
	exited chan error // gets the result of the process
}

// buildGateway builds the example gateway in a directory of the repository. It adds a file with an
// endpoint for profiles, which only measurements with profiles use.
func buildGateway(ctx context.Context, source, dir string) (binary string, err error) {
	absolute, err := filepath.Abs(source)
	if err != nil {
		return "", err
	}
	file, overlay := filepath.Join(dir, "pprof.go"), filepath.Join(dir, "overlay.json")
	replace := fmt.Sprintf(`{"Replace": {%q: %q}}`, filepath.Join(absolute, "pprof.go"), file)
	if err := errors.Join(os.WriteFile(file, []byte(pprofFile), 0o600), os.WriteFile(overlay, []byte(replace), 0o600)); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, filepath.Base(source))
	build := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", binary, ".")
	build.Dir, build.Env = source, append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", source, err, out)
	}
	return binary, nil
}

// pprofFile serves net/http/pprof at the address in the environment.
const pprofFile = `package main

import (
	"net/http"
	_ "net/http/pprof"
	"os"
)

func init() { go http.ListenAndServe(os.Getenv("PPROF"), nil) }
`

// startGateway starts a gateway with a configuration that listens at addr, and waits until a
// request to it is answered.
func startGateway(ctx context.Context, addr, pprof string, configuration []byte, probe load, program string, args ...string) (*gateway, error) {
	file := program + ".json"
	if err := os.WriteFile(file, configuration, 0o600); err != nil {
		return nil, err
	}
	g := &gateway{addr: addr, cmd: exec.Command(program, append(args, "-c", file)...), exited: make(chan error, 1)}
	g.cmd.Env = append(os.Environ(), "PPROF="+pprof)
	g.cmd.Stderr = os.Stderr // drops its standard output, which has the access log
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { g.exited <- g.cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		c := connection{load: probe}
		err := c.exchange()
		c.close()
		if err == nil {
			return g, nil
		}
		select {
		case err := <-g.exited:
			return nil, fmt.Errorf("the gateway has stopped: %w", err)
		case <-ctx.Done():
			g.stop()
			return nil, fmt.Errorf("the gateway does not answer: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (g *gateway) stop() {
	g.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-g.exited:
	case <-time.After(readyTimeout):
		g.cmd.Process.Kill()
	}
}

// cpu returns the CPU time of the process. Only Linux has the clock of another process.
func (g *gateway) cpu() (time.Duration, error) {
	const processClock = 2 // CPUCLOCK_SCHED of the kernel: see clock_getcpuclockid(3)
	var t unix.Timespec
	err := unix.ClockGettime(int32(^g.cmd.Process.Pid)<<3|processClock, &t)
	return time.Duration(t.Nano()), err
}

// profile writes a CPU profile of the process over the given seconds to a file.
func profile(addr, file string, seconds int) error {
	reply, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", addr, seconds))
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return errors.New(reply.Status)
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(reply.Body)
	return errors.Join(err, out.Close())
}

// freeAddr returns an unused address on loopback.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
