package docker

import (
	"archive/zip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// functions has those of compose.yaml, and the script that creates them.
const functions = "examples/docker/functions"

// A standIn stands in for LocalStack's awslocal. It keeps what it is called with.
type standIn struct{ dir string }

// newStandIn returns an awslocal that does what a line of shell says.
func newStandIn(t *testing.T, does string) standIn {
	t.Helper()
	s := standIn{t.TempDir()}
	for _, name := range []string{"bin", "kept", "tmp"} {
		if err := os.Mkdir(filepath.Join(s.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, "awslocal", "echo awslocal \"$@\" >>\"$KEPT/calls\"\n"+
		"for arg; do case $arg in fileb://*) cp \"${arg#fileb://}\" \"$KEPT/file\" ;; esac; done\n"+does)
	return s
}

// write writes a program of shell.
func (s standIn) write(t *testing.T, name, commands string) {
	t.Helper()
	// Nothing is started meanwhile: it would have the file open for writing as well, and a
	// file like that cannot be executed (go.dev/issue/22315).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(filepath.Join(s.dir, "bin", name), []byte("#!/bin/sh\n"+commands+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// env is an environment in which it is awslocal.
func (s standIn) env() []string {
	return append(os.Environ(),
		"PATH="+filepath.Join(s.dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"KEPT="+filepath.Join(s.dir, "kept"),
		"TMPDIR="+filepath.Join(s.dir, "tmp"),
	)
}

// call is the only one that has been made.
func (s standIn) call(t *testing.T) string {
	t.Helper()
	calls, err := os.ReadFile(filepath.Join(s.dir, "kept/calls"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(calls), "\n"); n != 1 {
		t.Fatalf("got %d calls, want 1:\n%s", n, calls)
	}
	return string(calls)
}

// create runs the script as LocalStack does: by its path, in whatever directory.
func create(t *testing.T, aws standIn) error {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		// No other test needs Python, so CI does not install it.
		t.Skip("the script needs Python, which LocalStack's image has and this machine does not have")
	}
	script, err := filepath.Abs(filepath.Join(repository, functions, "create.sh"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(script)
	cmd.Dir, cmd.Env = t.TempDir(), aws.env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%s", out)
	}
	return err
}

// The script creates the function that the gateway invokes, and leaves nothing behind.
func TestFunction(t *testing.T) {
	aws := newStandIn(t, "")
	if err := create(t, aws); err != nil {
		t.Fatal(err)
	}
	_, backend := krakendJSON(t)
	want := `^awslocal lambda create-function --function-name ` + backend.Name + ` --runtime nodejs\d+\.x --handler hello\.handler ` +
		`--zip-file fileb://\S+ --role arn:aws:iam::000000000000:role/\S+\n$`
	if got := aws.call(t); !regexp.MustCompile(want).MatchString(got) {
		t.Errorf("got %s, want %s", got, want)
	}
	if left, err := os.ReadDir(filepath.Join(aws.dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left %v behind, %v", left, err)
	}

	code, err := zip.OpenReader(filepath.Join(aws.dir, "kept/file"))
	if err != nil {
		t.Fatal(err)
	}
	defer code.Close()
	if len(code.File) != 1 || code.File[0].Name != "hello.mjs" {
		t.Fatalf("got %d files in the zip file, want hello.mjs alone", len(code.File))
	}
	file, err := code.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := io.ReadAll(file); err != nil || string(text) != read(t, functions+"/hello.mjs") {
		t.Errorf("got %s, %v", text, err)
	}
}

// LocalStack tells that a script has failed. This one does where AWS refuses something, and where Python
// fails before that.
func TestFunctionFails(t *testing.T) {
	if err := create(t, newStandIn(t, "exit 254")); err == nil {
		t.Error("the script has not failed, but awslocal has")
	}
	aws := newStandIn(t, "")
	aws.write(t, "python3", "exit 1")
	if err := create(t, aws); err == nil {
		t.Error("the script has not failed, but python3 has")
	}
}

func TestHello(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs Node.js, which is what executes the function")
	}
	cmd := exec.Command(node, "--input-type=module", "--eval",
		`import { handler } from "./hello.mjs"; console.log(JSON.stringify(await handler({ name: "Ada" })));`)
	cmd.Dir = filepath.Join(repository, functions)
	out, err := cmd.Output()
	if want := `{"message":"Hello, Ada!"}` + "\n"; err != nil || string(out) != want {
		t.Errorf("got %s, %v, want %s", out, err, want)
	}
}
