//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// packagesPerDot is how many packages a dot of the progress stands for.
const packagesPerDot = 20

// build builds the program in dir in its module. It writes dots to w, and the time that it took. The
// error has the compiler's output.
func build(ctx context.Context, w io.Writer, dir, output string) error {
	start := time.Now()
	output, err := filepath.Abs(output)
	if err != nil {
		return err
	}
	p := &progress{w: w}
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-o", output, ".")
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = p, p
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(w)
		return fmt.Errorf("building %s: %w\n%s", dir, err, p.other.String())
	}
	fmt.Fprintf(w, " %.1f s\n", time.Since(start).Seconds())
	return nil
}

// progress takes the output of go build -v. It counts the lines that name a package or a download,
// and keeps the others.
type progress struct {
	w     io.Writer
	line  []byte // the beginning of the next line
	count int
	other strings.Builder
}

func (p *progress) Write(b []byte) (int, error) {
	p.line = append(p.line, b...)
	for {
		line, rest, complete := bytes.Cut(p.line, []byte("\n"))
		if !complete {
			return len(b), nil
		}
		p.line = rest
		if bytes.ContainsRune(line, ' ') && !bytes.HasPrefix(line, []byte("go: downloading ")) {
			fmt.Fprintf(&p.other, "%s\n", line)
			continue
		}
		if p.count++; p.count%packagesPerDot == 0 {
			fmt.Fprint(p.w, ".")
		}
	}
}
