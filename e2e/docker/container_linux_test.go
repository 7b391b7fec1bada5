package docker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/devopsfaith/krakend-lambda/internal/gatewaytest"
)

// A container is a copy of the image's file system, with what a test has mounted.
type container struct {
	image
	uid, gid uint32
	env      []string
}

// isolated: the tests may do what an engine does, as root can: give a process another
// root of the file system, and another user.
var isolated = os.Getuid() == 0

// newContainer returns a container of the image. The files are by their paths in it, and
// env is its environment.
func newContainer(t *testing.T, files map[string]string, env ...string) container {
	t.Helper()
	c := container{image: theImage(t), env: env}
	if _, err := fmt.Sscanf(c.user, "%d:%d", &c.uid, &c.gid); err != nil {
		t.Fatalf("the image's user is %q: %v", c.user, err)
	}
	source := c.dir
	c.dir = t.TempDir()
	if err := os.Chmod(c.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock() // go.dev/issue/22315: nothing may be started with a program open for writing
	err := os.CopyFS(c.dir, os.DirFS(source))
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(c.in(name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// command returns the container's process with these arguments in place of the image's.
// Where the tests are not root's, it runs beside the machine's files instead of without
// them, as whoever runs the tests.
func (c container) command(args ...string) *exec.Cmd {
	if !isolated {
		args = append([]string(nil), args...)
		for i, arg := range args {
			if filepath.IsAbs(arg) {
				args[i] = c.in(arg)
			}
		}
		cmd := exec.Command(c.in(c.entrypoint[0]), append(c.entrypoint[1:len(c.entrypoint):len(c.entrypoint)], args...)...)
		cmd.Dir, cmd.Env = c.in(c.workdir), c.env
		return cmd
	}
	cmd := exec.Command(c.entrypoint[0], append(c.entrypoint[1:len(c.entrypoint):len(c.entrypoint)], args...)...)
	cmd.Dir = c.workdir
	// A user whom the image does not know is at home in /.
	cmd.Env = append([]string{"HOME=/", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     c.dir,
		Credential: &syscall.Credential{Uid: c.uid, Gid: c.gid},
	}
	return cmd
}

// run runs the container to its end.
func (c container) run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := c.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), status
}

// readyTimeout bounds the gateway's start, and stopTimeout its end. No test passes by
// reaching one.
const (
	readyTimeout = 30 * time.Second
	stopTimeout  = 15 * time.Second
)

// serve runs the container with the image's own arguments and this krakend.json until
// the end of the test, on a free port of the loopback interface. It returns the
// gateway's URL.
func (c container) serve(t *testing.T, service map[string]any) (url string) {
	t.Helper()
	healthy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "{}")
	}))
	t.Cleanup(healthy.Close)
	return gatewaytest.OnFreePort(t, func(port int) (string, error) {
		// Where another process has taken the port meanwhile, it has no such endpoint.
		ready := fmt.Sprintf("/ready/%d-%d", os.Getpid(), port)
		service := maps.Clone(service)
		service["listen_ip"], service["port"] = "127.0.0.1", port
		endpoints, _ := service["endpoints"].([]any)
		service["endpoints"] = append(slices.Clone(endpoints), map[string]any{
			"endpoint": ready,
			"backend":  []any{map[string]any{"host": []string{healthy.URL}, "url_pattern": "/"}},
		})
		content, err := json.Marshal(service)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(c.in(configFile), content, 0o644); err != nil {
			return "", err
		}
		log, err := os.CreateTemp(t.TempDir(), "krakend-*.log")
		if err != nil {
			return "", err
		}
		defer log.Close()
		before := c.files(t)

		cmd := c.command(c.cmd...)
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			return "", err
		}
		exited := make(chan struct{})
		var end error // set before exited is closed
		go func() {
			defer close(exited)
			end = cmd.Wait()
		}()
		logged := func() string {
			content, err := os.ReadFile(log.Name())
			if err != nil {
				t.Error(err)
			}
			return string(content)
		}
		url := fmt.Sprintf("http://127.0.0.1:%d", port)
		if err := await(url+ready, exited); err != nil {
			cmd.Process.Kill()
			<-exited
			if strings.Contains(logged(), "address already in use") {
				return "", gatewaytest.ErrPortTaken
			}
			return "", fmt.Errorf("%w; log:\n%s", err, logged())
		}

		t.Cleanup(func() {
			cmd.Process.Signal(syscall.SIGTERM)
			select {
			case <-exited:
			case <-time.After(stopTimeout):
				t.Errorf("the gateway did not end within %v", stopTimeout)
				cmd.Process.Kill()
				<-exited
			}
			if end != nil {
				t.Errorf("the gateway's end: %v", end)
			}
			if after := c.files(t); !maps.Equal(before, after) {
				t.Errorf("the gateway has changed files: got %v, had %v", after, before)
			}
			if t.Failed() {
				t.Logf("the gateway's log:\n%s", logged())
			}
		})
		return url, nil
	})
}

// await asks for a URL of the gateway's until it answers.
func await(url string, exited <-chan struct{}) error {
	for deadline := time.Now().Add(readyTimeout); time.Now().Before(deadline); {
		select {
		case <-exited:
			return errors.New("the gateway ended at its start")
		case <-time.After(10 * time.Millisecond):
		}
		if r, err := http.Get(url); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	return fmt.Errorf("the gateway was not ready within %v", readyTimeout)
}

// files tells sizes and times of what is in the container's file system.
func (c container) files(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(c.dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		files[name] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return files
}

// get asks the gateway.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	content, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(content)
}
