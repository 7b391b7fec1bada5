package scripts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// platform is the platform of this machine.
const platform = runtime.GOOS + "/" + runtime.GOARCH

var gateways = []string{"krakend", "krakend14", "krakend2"}

// archive returns the name of a gateway's archive.
func (r repository) archive(gateway string) string {
	return fmt.Sprintf("krakend-lambda-v%s-%s-%s-%s", r.version, gateway, runtime.GOOS, runtime.GOARCH)
}

func needsTools(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the gateways as for a release, which takes minutes: make nightly")
	}
	if out, err := exec.Command("tar", "--version").CombinedOutput(); err != nil || !bytes.Contains(out, []byte("GNU tar")) {
		t.Skip("dist needs GNU tar, which is not installed")
	}
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("dist needs jq, which is not installed")
	}
}

// dist makes the archives for this platform, in a shell with this umask.
func (r repository) dist(t *testing.T, umask string, env ...string) (dir string) {
	t.Helper()
	needsTools(t)
	dir = filepath.Join(t.TempDir(), "new", "dist")
	cmd := exec.Command("/bin/sh", "-c", `umask "$0"; exec "$@"`, umask, filepath.Join(r.dir, "scripts/dist"), r.version, dir, platform)
	cmd.Env = append(environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// The archives have the right files, and the gateways print their version. The same commit always gives
// the same bytes: in another directory, for another user, and after it is tagged.
func TestDist(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	dir := r.dist(t, "022")

	want := []string{"SHA256SUMS"}
	for _, g := range gateways {
		want = append(want, r.archive(g)+".cdx.json", r.archive(g)+".tar.gz")
	}
	slices.Sort(want)
	var sums strings.Builder
	for _, name := range want[1:] {
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(read(t, dir, name))), name)
	}
	if got := list(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := read(t, dir, "SHA256SUMS"); got != sums.String() {
		t.Errorf("got the sums\n%s\nwant\n%s", got, sums.String())
	}

	again := newRepository(t)
	if out, err := again.script(t, nil, "release", again.version); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := read(t, again.dist(t, "077", "TZ=Asia/Kolkata", "LC_ALL=C.UTF-8"), "SHA256SUMS"); got != sums.String() {
		t.Errorf("got the sums\n%s\nthen\n%s", sums.String(), got)
	}

	for _, g := range gateways {
		t.Run(g, func(t *testing.T) {
			name := r.archive(g)
			unpacked := t.TempDir()
			headers := unpack(t, filepath.Join(dir, name+".tar.gz"), unpacked)
			var got []string
			for _, h := range headers {
				got = append(got, fmt.Sprintf("%o %s", h.Mode, h.Name))
				if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
					t.Errorf("%s has the owner %d:%d, %q:%q, want 0:0", h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
				}
				if got, want := strconv.FormatInt(h.ModTime.Unix(), 10), r.git(t, "log", "-1", "--format=%ct"); got != want {
					t.Errorf("%s has the time %s, want the commit's, %s", h.Name, got, want)
				}
			}
			want := []string{"755 " + name + "/", "644 " + name + "/LICENSE", "644 " + name + "/krakend.json", "755 " + name + "/" + g}
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("got the files\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for file, source := range map[string]string{"LICENSE": "LICENSE", "krakend.json": "examples/" + g + "/krakend.json"} {
				if read(t, unpacked, name+"/"+file) != read(t, r.dir, source) {
					t.Errorf("%s differs from %s", file, source)
				}
			}

			binary := filepath.Join(unpacked, name, g)
			out, err := exec.Command(binary, "-version").CombinedOutput()
			if want := "krakend-lambda v" + r.version + ","; err != nil || !strings.HasPrefix(string(out), want) {
				t.Errorf("got %q (%v), want it to begin with %q", out, err, want)
			}
			info, err := buildinfo.ReadFile(binary)
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, s := range info.Settings {
				settings[s.Key] = s.Value
			}
			for key, want := range map[string]string{
				"CGO_ENABLED":  "0",
				"-trimpath":    "true",
				"vcs.revision": r.git(t, "rev-parse", "HEAD"),
				"vcs.modified": "false",
			} {
				if got := settings[key]; got != want {
					t.Errorf("got %s %q, want %q", key, got, want)
				}
			}
			r.checkSBOM(t, read(t, dir, name+".cdx.json"), binary, info)
		})
	}
}

// checkSBOM checks that a CycloneDX document describes this binary and lists each of its modules.
func (r repository) checkSBOM(t *testing.T, document, binary string, info *buildinfo.BuildInfo) {
	t.Helper()
	type component struct{ Name, Version, PURL string }
	var sbom struct {
		BOMFormat, SpecVersion, SerialNumber string
		Metadata                             struct {
			Timestamp  string
			Component  component
			Properties []struct{ Name, Value string }
		}
		Components []component
	}
	if err := json.Unmarshal([]byte(document), &sbom); err != nil {
		t.Fatal(err)
	}
	if sbom.BOMFormat != "CycloneDX" || sbom.SpecVersion != "1.6" || sbom.SerialNumber != "" || sbom.Metadata.Timestamp != "" {
		t.Errorf("got %q %q with the serial number %q and the time %q, want CycloneDX 1.6 without these", sbom.BOMFormat, sbom.SpecVersion, sbom.SerialNumber, sbom.Metadata.Timestamp)
	}
	if got := sbom.Metadata.Component; got.Name != info.Main.Path || got.Version != "v"+r.version {
		t.Errorf("got the component %+v, want %s v%s", got, info.Main.Path, r.version)
	}
	sum := ""
	for _, p := range sbom.Metadata.Properties {
		if p.Name == "cdx:gomod:binary:hash:SHA-256" {
			sum = p.Value
		}
	}
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(read(t, "/", binary)))); sum != want {
		t.Errorf("got the checksum %q, want the binary's, %q", sum, want)
	}

	const own = "github.com/devopsfaith/krakend-lambda"
	want := map[string]string{"std": info.GoVersion}
	for _, m := range info.Deps {
		switch {
		case m.Path == own+"/lura/v2":
			want[m.Path] = "v2" + strings.TrimPrefix(r.version, "1")
		case strings.HasPrefix(m.Path, own):
			want[m.Path] = "v" + r.version
		default:
			want[m.Path] = m.Version
		}
	}
	got := map[string]string{}
	for _, c := range sbom.Components {
		got[c.Name] = c.Version
		if prefix := "pkg:golang/" + c.Name + "@" + c.Version + "?"; !strings.HasPrefix(c.PURL, prefix) {
			t.Errorf("got the URL %q, want it to begin with %q", c.PURL, prefix)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("got the modules\n%v\nwant\n%v", got, want)
	}
	for _, text := range []string{"../", "(devel)", scratch} {
		if strings.Contains(document, text) {
			t.Errorf("the document contains %q", text)
		}
	}
}

// A failed build leaves no files behind, and changes no existing ones.
func TestDistRefuses(t *testing.T) {
	t.Parallel()
	r := newRepository(t)
	for _, tc := range []struct {
		name string
		args []string // the arguments; DIR stands for a directory
		has  string   // a file in the directory
		says string
	}{
		{name: "no version", args: []string{"", "DIR"}, says: "must be 1.MINOR.PATCH"},
		{name: "a wrong version", args: []string{"v" + r.version, "DIR"}, says: "must be 1.MINOR.PATCH"},
		{name: "no directory", args: []string{r.version}, says: "usage"},
		{name: "a directory that is not empty", args: []string{r.version, "DIR"}, has: "precious", says: "is not empty"},
		{name: "no platform", args: []string{r.version, "DIR", "linux"}, says: "OS/ARCH"},
		{name: "a platform that Go does not know", args: []string{r.version, "DIR", "linux/z80"}, says: "linux/z80"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, temp := t.TempDir(), t.TempDir()
			var want []string
			if tc.has != "" {
				want = []string{tc.has}
				if err := os.WriteFile(filepath.Join(dir, tc.has), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for i, arg := range tc.args {
				if arg == "DIR" {
					tc.args[i] = dir
				}
			}
			out, err := r.script(t, []string{"TMPDIR=" + temp}, "dist", tc.args...)
			if err == nil || !strings.Contains(out, tc.says) {
				t.Errorf("got %v and\n%s\nwant %q", err, out, tc.says)
			}
			if got := list(t, dir); !slices.Equal(got, want) {
				t.Errorf("the directory has %q, want %q", got, want)
			}
			if got := list(t, temp); len(got) > 0 {
				t.Errorf("dist left %q behind", got)
			}
		})
	}
}

// unpack unpacks an archive into dir.
func unpack(t *testing.T, name, dir string) (headers []*tar.Header) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if !z.ModTime.IsZero() || z.Name != "" {
		t.Errorf("gzip has stored the time %v and the name %q", z.ModTime, z.Name)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return headers
		}
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
		dest := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.Mkdir(dest, 0o755)
		} else {
			var content []byte
			if content, err = io.ReadAll(r); err == nil {
				err = writeProgram(dest, content, h.FileInfo().Mode())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// list returns the sorted names in a directory.
func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
