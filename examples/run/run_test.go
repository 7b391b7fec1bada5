//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asProgram is the environment variable that makes the test binary run as the program.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Unsetenv(asProgram)
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command returns a command that runs this program in the repository's root, with temp for temporary
// files, and with credentials that the output must not contain.
func command(t *testing.T, temp string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+temp, "AWS_PROFILE=none-of-this-name")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// freePort returns a free address on loopback, and its port. The port is below those of outgoing
// connections, which could take it before the program does.
func freePort(t *testing.T) (addr, port string) {
	t.Helper()
	for range 100 {
		port = strconv.Itoa(20_000 + rand.IntN(12_000))
		addr, err := freeAddr("127.0.0.1:"+port, "")
		if err == nil {
			return addr, port
		}
	}
	t.Fatal("found no free port")
	return "", ""
}

// checkGone fails the test if a run has left a listening process or a file behind.
func checkGone(t *testing.T, temp string, addrs ...string) {
	t.Helper()
	for _, addr := range addrs {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Error("still there:", err)
			continue
		}
		l.Close()
	}
	files, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Error("still there:", f.Name())
	}
}

func TestOnce(t *testing.T) {
	for generation := range gateways {
		t.Run(generation, func(t *testing.T) { once(t, generation) })
	}
}

func once(t *testing.T, generation string) {
	temp := t.TempDir()
	functions, _ := freePort(t)
	webapp, _ := freePort(t)
	gateway, port := freePort(t)
	cmd := command(t, temp, "-functions-addr", functions, "-webapp-addr", webapp, "-port", port, "-once")
	cmd.Env = append(cmd.Env, "KRAKEND="+generation)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, stdout, &stderr)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr: %s", &stderr)
	}

	const (
		id    = "9007199254740993"
		lines = `[{"price":{"cents":1250,"currency":"EUR"},"quantity":2,"sku":"mug"},{"price":{"cents":4900,"currency":"EUR"},"quantity":1,"sku":"teapot"}]`
	)
	url := "http://" + gateway
	encoding := "" // KrakenD 2 adds the content type of an error's body
	if generation == "2" {
		encoding = `,"http_body_encoding":"application/json"`
	}
	for _, want := range []struct {
		curl, status string
		body         string // its beginning
	}{
		{"curl -i " + url + "/hello/Ada", "200 OK", `{"message":"Hello, Ada!"}`},
		{"curl -i " + url + "/call-a-lambda/my-lambda", "200 OK", `{"lambda":"my-lambda"}`},
		{"curl -i '" + url + "/functions/hello?name=Grace'", "200 OK", `{"message":"Hello, Grace!"}`},
		{"curl -i '" + url + "/echo?color=red&size=S&size=M'", "200 OK", `{"color":"red","size":["S","M"]}`},
		{
			`curl -i -H 'Content-Type: application/json' -d '{"sku":"mug","quantity":2}' ` + url + "/echo", "200 OK",
			`{"quantity":2,"sku":"mug"}`,
		},
		{"curl -i " + url + "/orders/" + id, "200 OK", `{"id":` + id + `,"lines":` + lines + `,"status":"shipped"}`},
		{
			"curl -i " + url + "/orders/" + id + "/summary", "200 OK",
			`{"customer":{"address":{"city":"London"},"name":"Ada Lovelace"},"order":{"id":` + id + `,"status":"shipped"}}`,
		},
		{
			"curl -i " + url + "/orders/" + id + "/raw", "200 OK",
			`{"id":` + id + `,"status":"shipped","lines":[{"sku":"mug","quantity":2,"price":{"cents":1250,"currency":"EUR"}},` +
				`{"sku":"teapot","quantity":1,"price":{"cents":4900,"currency":"EUR"}}]}`,
		},
		{"curl -i " + url + "/fail", "502 Bad Gateway", ""},
		{
			"curl -i " + url + "/fail/details", "200 OK",
			`{"error_fail":{"http_status_code":502,"http_body":"{\"errorType\":\"OutOfStock\",\"errorMessage\":\"teapot is out of stock\"}"` + encoding + `}}`,
		},
		{"curl -i " + url + "/panic", "502 Bad Gateway", ""},
		{"curl -i " + url + "/slow", "504 Gateway Timeout", ""},
		{"curl -iN " + url + "/countdown/3", "200 OK", "3\n2\n1\nLift-off!"},
		{"curl -i -d 'grams=100&name=Ada' " + url + "/teas/assam", "303 See Other", ""},
		{"curl -iN " + url + "/kettle", "200 OK", "Filling the kettle"},
	} {
		block, _ := response(string(stdout), want.curl)
		head, body, _ := strings.Cut(block, "\n\n")
		if !strings.HasPrefix(head, "HTTP/1.1 "+want.status+"\n") || !strings.Contains(head, "\nX-Krakend: ") || !strings.HasPrefix(body, want.body) {
			t.Errorf("%s: got %s, want %s with the body %s", want.curl, block, want.status, want.body)
		}
	}
	if got, want := strings.Count(string(stdout), "\ncurl "), len(requests); got != want {
		t.Errorf("requests: got %d, want %d", got, want)
	}
	if generation == "2" {
		checkReadme(t, strings.ReplaceAll(string(stdout), url, "http://127.0.0.1:8080"))
	}
	if t.Failed() {
		t.Logf("output:\n%s", stdout)
	}
	checkGone(t, temp, functions, webapp, gateway)
}

// response returns the output after a curl command.
func response(output, curl string) (text string, ok bool) {
	_, text, ok = strings.Cut(output, "\n"+curl+"\n")
	text, _, _ = strings.Cut(text, "\n\n# ")
	return text, ok
}

// checkReadme checks the indented blocks of README with curl -i of http://127.0.0.1:8080/. The output
// must have each of these commands, and after it the lines of README in the same order. README may
// leave lines out.
func checkReadme(t *testing.T, output string) {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	rest, shown := "", false
	for line := range strings.SplitSeq(string(readme), "\n") {
		code, indented := strings.CutPrefix(line, "    ")
		switch {
		case line == "":
		case !indented, strings.HasPrefix(code, "#"):
			shown = false
		case strings.HasPrefix(code, "curl -i http://127.0.0.1:8080/"):
			commands++
			if rest, shown = response(output, code); !shown {
				t.Errorf("README shows a command that is not in the output: %s", code)
			}
		case shown:
			_, after, ok := strings.Cut("\n"+rest, "\n"+code)
			if !ok {
				t.Errorf("README shows a line that is not in the output: %s", code)
			}
			rest = after
		}
	}
	if commands == 0 {
		t.Error("README shows no request of a run")
	}
}

func TestInterrupt(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			temp := t.TempDir()
			functions, _ := freePort(t)
			webapp, _ := freePort(t)
			gateway, port := freePort(t)
			cmd := command(t, temp, "-functions-addr", functions, "-webapp-addr", webapp, "-port", port)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for lines := bufio.NewScanner(stdout); lines.Scan(); {
				if strings.Contains(lines.Text(), "Ctrl-C") {
					break
				}
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
			io.Copy(io.Discard, stdout)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v\n%s", err, &stderr)
			}
			checkGone(t, temp, functions, webapp, gateway)
		})
	}
}

// The reader of the output may stop at any time, as in `make run | head`.
func TestClosedOutput(t *testing.T) {
	temp := t.TempDir()
	functions, _ := freePort(t)
	webapp, _ := freePort(t)
	gateway, port := freePort(t)
	cmd := command(t, temp, "-functions-addr", functions, "-webapp-addr", webapp, "-port", port)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bufio.NewReader(stdout).ReadString('\n')
	stdout.Close()
	cmd.Wait() // with any status
	checkGone(t, temp, functions, webapp, gateway)
}

func TestRefuses(t *testing.T) {
	for _, tc := range []struct{ krakend, argument, want string }{
		{"3", "-once", "KRAKEND=3 is unknown: choose KRAKEND=1, KRAKEND=1.4 or KRAKEND=2"},
		{"2", "8090", `unexpected argument "8090"`},
	} {
		cmd := command(t, t.TempDir(), tc.argument)
		cmd.Env = append(cmd.Env, "KRAKEND="+tc.krakend)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), tc.want) {
			t.Errorf("got %v and %s, want %s", err, out, tc.want)
		}
	}
}

// build shows its progress, and returns the compiler's output as an error.
func TestBuild(t *testing.T) {
	var out strings.Builder
	p := &progress{w: &out}
	for range packagesPerDot {
		p.Write([]byte("net/http\ngo: downloading example.com v1.0.0\n"))
	}
	p.Write([]byte("# example.com/x\n./main.go:1:1: expected "))
	p.Write([]byte("declaration\n"))
	if got, want := out.String(), ".."; got != want {
		t.Errorf("got the progress %q, want %q", got, want)
	}
	if got, want := p.other.String(), "# example.com/x\n./main.go:1:1: expected declaration\n"; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}

	broken := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/x\n", "main.go": "package main\nfunc main() { broken() }\n"} {
		if err := os.WriteFile(filepath.Join(broken, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := build(t.Context(), io.Discard, broken, filepath.Join(broken, "x")); err == nil || !strings.Contains(err.Error(), "undefined: broken") {
		t.Errorf("got %v, want the compiler's output", err)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, taken, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	functions, port := freePort(t)
	webapp, _ := freePort(t)

	for flag, args := range map[string][]string{
		"-functions-addr": {"-functions-addr", l.Addr().String(), "-webapp-addr", webapp, "-port", port},
		"-webapp-addr":    {"-functions-addr", functions, "-webapp-addr", l.Addr().String(), "-port", port},
		"-port":           {"-functions-addr", functions, "-webapp-addr", webapp, "-port", taken},
	} {
		t.Run(flag, func(t *testing.T) {
			temp := t.TempDir()
			out, err := command(t, temp, args...).CombinedOutput()
			if err == nil {
				t.Error("exit status 0")
			}
			for _, want := range []string{l.Addr().String(), "already in use", "(choose another with " + flag + ";"} {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in the output: %s", want, out)
				}
			}
			checkGone(t, temp)
		})
	}
}

func TestProcessDies(t *testing.T) {
	p, err := start("functions", nil, "/bin/sh", "-c", "for i in $(seq 100); do echo line $i; done; echo out of luck >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	addr, _ := freePort(t)
	err = p.waitUntilAnswers(t.Context(), "http://"+addr)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"functions ended unexpectedly", "exit status 3", "functions | line 100\n", "functions | out of luck\n"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in the error: %v", want, err)
		}
	}
	if got := len(p.lines); got != keptLines {
		t.Errorf("lines kept: got %d, want %d", got, keptLines)
	}
}

func TestWithoutAWS(t *testing.T) {
	got := withoutAWS([]string{"HOME=/home/ada", "AWS_SECRET_ACCESS_KEY=real", "AWS_PROFILE=prod", "PATH=/bin"})
	if want := []string{"HOME=/home/ada", "PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
