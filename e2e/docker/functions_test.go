package docker

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go/service/lambda"
)

// functions has those of compose.yaml, and the script that creates them.
const functions = repository + "/examples/docker/functions"

// A standIn stands in for LocalStack's awslocal. It keeps what it is called with.
type standIn struct{ dir string }

// newStandIn returns an awslocal that does what a line of shell says.
func newStandIn(t *testing.T, does string) standIn {
	t.Helper()
	s := standIn{t.TempDir()}
	script := `#!/bin/sh
n=$(ls "$KEPT" | wc -l)
mkdir "$KEPT/$n"
printf '%s\0' "$@" >"$KEPT/$n/args"
for arg; do
	case $arg in fileb://*) cp "${arg#fileb://}" "$KEPT/$n/file" ;; esac
done
` + does + "\n"
	if err := os.Mkdir(filepath.Join(s.dir, "kept"), 0o755); err != nil {
		t.Fatal(err)
	}
	// Nothing is started meanwhile: it would have the file open for writing as well, and a
	// file like that cannot be executed (go.dev/issue/22315).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(filepath.Join(s.dir, "awslocal"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// env is an environment in which it is awslocal.
func (s standIn) env() []string {
	return append(os.Environ(),
		"PATH="+s.dir+string(os.PathListSeparator)+os.Getenv("PATH"),
		"KEPT="+filepath.Join(s.dir, "kept"),
		"TMPDIR="+s.dir,
	)
}

// A call is one of a stand-in.
type call struct {
	command string            // its words, up to the first option
	options map[string]string // each has a value
	file    string            // a copy of that which an option names
}

// calls are those that have been made, of which there has to be one.
func (s standIn) calls(t *testing.T) []call {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(s.dir, "kept", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Fatal("awslocal was not called")
	}
	var calls []call
	for _, dir := range dirs {
		content, err := os.ReadFile(filepath.Join(dir, "args"))
		if err != nil {
			t.Fatal(err)
		}
		args := strings.Split(strings.TrimSuffix(string(content), "\x00"), "\x00")
		words := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--") })
		if words < 0 || (len(args)-words)%2 != 0 {
			t.Fatalf("awslocal was called with %q, want options with values", args)
		}
		c := call{strings.Join(args[:words], " "), map[string]string{}, filepath.Join(dir, "file")}
		for pair := range slices.Chunk(args[words:], 2) {
			c.options[pair[0]] = pair[1]
		}
		calls = append(calls, c)
	}
	return calls
}

// create runs the script as LocalStack does: by its path, in whatever directory.
func create(t *testing.T, aws standIn) error {
	t.Helper()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("the script needs Python, which LocalStack's image has and this machine has not")
	}
	script, err := filepath.Abs(filepath.Join(functions, "create.sh"))
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

// The script creates each function that the gateway of compose.yaml invokes.
func TestFunctions(t *testing.T) {
	aws := newStandIn(t, "")
	if err := create(t, aws); err != nil {
		t.Fatal(err)
	}
	var created []string
	for _, c := range aws.calls(t) {
		if want := "lambda create-function"; c.command != want {
			t.Errorf("got the command %q, want %q", c.command, want)
		}
		file, handler, _ := strings.Cut(c.options["--handler"], ".")
		files := unzip(t, c.file)
		source, err := os.ReadFile(filepath.Join(functions, file+".mjs"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != 1 || files[file+".mjs"] != string(source) {
			t.Errorf("the zip file has %q, want %s.mjs alone", files, file)
		}
		if handler != "handler" {
			t.Errorf("got the handler %q of %s.mjs", handler, file)
		}
		code, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		input := &lambda.CreateFunctionInput{
			Code:         &lambda.FunctionCode{ZipFile: code},
			FunctionName: option(c, "--function-name"),
			Handler:      option(c, "--handler"),
			Role:         option(c, "--role"),
			Runtime:      option(c, "--runtime"),
		}
		if err := input.Validate(); err != nil {
			t.Error(err)
		}
		if !regexp.MustCompile(`^nodejs\d+\.x$`).MatchString(c.options["--runtime"]) {
			t.Errorf("%q is no runtime for Node.js", c.options["--runtime"])
		}
		if !strings.HasPrefix(c.options["--role"], "arn:aws:iam::000000000000:role/") {
			t.Errorf("%q is no role of LocalStack's account", c.options["--role"])
		}
		created = append(created, c.options["--function-name"])
	}

	_, invocations := composeConfig(t)
	for _, i := range invocations {
		if !slices.Contains(created, i.Function) {
			t.Errorf("%s is invoked and not created", i.Function)
		}
	}
}

func option(c call, name string) *string {
	value, ok := c.options[name]
	if !ok {
		return nil
	}
	return &value
}

// LocalStack tells that a script has failed. This one does where AWS refuses something.
func TestFunctionsFail(t *testing.T) {
	if err := create(t, newStandIn(t, "exit 254")); err == nil {
		t.Error("the script has not failed")
	}
}

// The script leaves nothing behind.
func TestFunctionsCleanUp(t *testing.T) {
	aws := newStandIn(t, "")
	if err := create(t, aws); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(aws.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name != "awslocal" && name != "kept" {
			t.Errorf("left %s behind", name)
		}
	}
}

// The function of the zip file, executed.
func TestHello(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs Node.js, which is what executes the function")
	}
	aws := newStandIn(t, "")
	if err := create(t, aws); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range unzip(t, aws.calls(t)[0].file) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(node, "--input-type=module", "--eval",
		`import { handler } from "./hello.mjs"; console.log(JSON.stringify(await handler({ name: "Ada" })));`)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if want := "Hello, Ada!"; len(got) != 1 || got["message"] != want {
		t.Errorf("got %s, want the message %q", out, want)
	}
}

// unzip returns the files of a zip file by their names.
func unzip(t *testing.T, name string) map[string]string {
	t.Helper()
	r, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files := map[string]string{}
	for _, f := range r.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
		b, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(b)
	}
	return files
}
