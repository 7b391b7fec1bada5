package docker

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// certificates is where the base image of the builder has its CA certificates: Alpine's
// and Debian's package of them put them there.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// An image is what an engine would make of a Dockerfile: a file system, and how to start
// a container with it.
type image struct {
	dir   string   // what is the root of its file system
	bases []string // of its stages, in order

	workdir    string
	user       string
	ports      []string
	labels     map[string]string
	entrypoint []string
	cmd        []string
}

// build does what an engine does with a Dockerfile, as far as it can be done without
// one. Where an instruction is not known here, or would leave the directory, it returns
// an error.
func build(dockerfile, dir string, args map[string]string) (image, error) {
	content, err := os.ReadFile(dockerfile)
	if err != nil {
		return image{}, err
	}
	parsed, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return image{}, err
	}
	var warnings []error
	for _, w := range parsed.Warnings {
		warnings = append(warnings, errors.New(w.Short))
	}
	lint := linter.New(&linter.Config{Warn: func(rule, _, _, message string, _ []parser.Range) {
		warnings = append(warnings, fmt.Errorf("%s: %s", rule, message))
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err := errors.Join(append(warnings, err)...); err != nil {
		return image{}, err
	}

	sources := map[string]string{"": filepath.Join(dir, "context")} // by the --from of COPY
	if err := copyContext(sources[""]); err != nil {
		return image{}, err
	}
	built := image{}
	for i, s := range stages {
		built = image{
			dir:     filepath.Join(dir, fmt.Sprint("stage", i)),
			bases:   append(built.bases, s.BaseName),
			workdir: "/",
			labels:  map[string]string{},
		}
		if s.Name != "" {
			sources[s.Name] = built.dir
		}
		if err := os.Mkdir(built.dir, 0o755); err != nil {
			return image{}, err
		}
		if s.BaseName != "scratch" {
			if err := layBase(built.dir); err != nil {
				return image{}, err
			}
		}
		declared := []string{} // ARGs, as an environment
		for _, command := range s.Commands {
			if err := built.do(command, sources, args, &declared); err != nil {
				return image{}, fmt.Errorf("%s: %w", command, err)
			}
		}
	}
	return built, nil
}

// do does what one instruction says.
func (i *image) do(command instructions.Command, sources, args map[string]string, declared *[]string) error {
	switch c := command.(type) {
	case *instructions.ArgCommand:
		for _, arg := range c.Args {
			value := arg.ValueString()
			switch given, ok := args[arg.Key]; {
			case ok:
				value = given
			case arg.Key == "TARGETOS": // these two are BuildKit's to give
				value = "linux"
			case arg.Key == "TARGETARCH":
				value = runtime.GOARCH
			}
			*declared = append(*declared, arg.Key+"="+value)
		}
	case *instructions.WorkdirCommand:
		i.workdir = path.Join(i.workdir, c.Path)
		if path.IsAbs(c.Path) {
			i.workdir = c.Path
		}
		return os.MkdirAll(i.in(i.workdir), 0o755)
	case *instructions.CopyCommand:
		source, ok := sources[c.From]
		if !ok || c.Chown != "" || c.Chmod != "" || c.Parents || len(c.ExcludePatterns) > 0 || len(c.SourceContents) > 0 {
			return errors.New("not known here")
		}
		for _, name := range c.SourcePaths {
			if err := i.copy(filepath.Join(source, name), c.DestPath); err != nil {
				return err
			}
		}
	case *instructions.RunCommand:
		return i.run(c, *declared)
	case *instructions.LabelCommand:
		for _, l := range c.Labels {
			i.labels[l.Key] = strings.Trim(l.Value, `"`)
		}
	case *instructions.UserCommand:
		i.user = c.User
	case *instructions.ExposeCommand:
		i.ports = append(i.ports, c.Ports...)
	case *instructions.EntrypointCommand:
		if c.PrependShell {
			return errors.New("there is no shell to start it")
		}
		i.entrypoint = c.CmdLine
	case *instructions.CmdCommand:
		if c.PrependShell {
			return errors.New("there is no shell to start it")
		}
		i.cmd = c.CmdLine
	default:
		return errors.New("not known here")
	}
	return nil
}

// in is where a path of the image's is on this machine.
func (i *image) in(name string) string { return filepath.Join(i.dir, name) }

// copy copies a file, or what is in a directory.
func (i *image) copy(source, dest string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if !path.IsAbs(dest) {
		dest = path.Join(i.workdir, dest) + map[bool]string{true: "/"}[strings.HasSuffix(dest, "/")]
	}
	if info.IsDir() {
		return os.CopyFS(i.in(dest), os.DirFS(source))
	}
	if strings.HasSuffix(dest, "/") {
		dest = path.Join(dest, filepath.Base(source))
	}
	return copyFile(source, i.in(dest))
}

// outside finds what would be a path outside of the directory that a command runs in.
var outside = regexp.MustCompile(`(^|[\s="':])(/|~)`)

// run runs the script of a RUN in its directory. Mounts are left out: with those of type
// cache, nothing depends on what is in them.
func (i *image) run(c *instructions.RunCommand, declared []string) error {
	if err := c.Expand(func(word string) (string, error) { return word, nil }); err != nil {
		return err
	}
	for _, mount := range instructions.GetMounts(c) {
		if mount.Type != instructions.MountTypeCache {
			return errors.New("not known here")
		}
	}
	if !c.PrependShell || len(c.Files) > 0 || len(c.CmdLine) != 1 {
		return errors.New("not known here")
	}
	if outside.MatchString(c.CmdLine[0]) {
		return errors.New("would leave its directory")
	}
	run := exec.Command("/bin/sh", "-c", c.CmdLine[0])
	run.Dir = i.in(i.workdir)
	// As in Go's own images, the Go that is there has to do.
	run.Env = append(append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off"), declared...)
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// layBase puts into dir what the build takes of its base image. As CA certificates there
// is the one of httptest's TLS servers.
func layBase(dir string) error {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	file := filepath.Join(dir, certificates)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644)
}

// copyContext copies to dir what .dockerignore leaves of the repository.
func copyContext(dir string) error {
	ignored, err := ignoring()
	if err != nil {
		return err
	}
	return filepath.WalkDir(repository, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(repository, name)
		if err != nil {
			return err
		}
		if ignored, err := ignored(rel); ignored || err != nil {
			return err
		}
		return copyFile(name, filepath.Join(dir, rel))
	})
}

// ignoring returns what tells whether .dockerignore keeps a path out of the context.
func ignoring() (func(name string) (bool, error), error) {
	f, err := os.Open(filepath.Join(repository, ".dockerignore"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	patterns, err := ignorefile.ReadAll(f)
	if err != nil {
		return nil, err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, err
	}
	return matcher.MatchesOrParentMatches, nil
}

// copyFile copies a file with its mode, and makes the directories that it needs.
func copyFile(source, dest string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return err
	}
	return os.WriteFile(dest, content, info.Mode().Perm())
}
