package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "bench: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	rounds   int
	duration time.Duration // of a measurement, after its warm-up
	smoke    bool
	cells    *regexp.Regexp
	only     *regexp.Regexp
	inFlight int // calls at once, for memory
	backends int // of the gateway, for start
	results  string
	docs     string
	force    bool // for report
	filtered bool // some cells or contestants are left out
	tasks    []string
}

func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rounds, "rounds", 5, "how `often` everything is measured")
	f.DurationVar(&o.duration, "duration", 400*time.Millisecond, "of a measurement, after its warm-up; slow calls take longer")
	f.BoolVar(&o.smoke, "smoke", false, "make a few calls of each kind, only to see that all of it works")
	cells := f.String("cells", "", "measure calls only in cells whose name matches this `regexp`, as in plain/c64")
	only := f.String("only", "", "measure only contestants whose name matches this `regexp`, as in ^(ours|floor)$")
	f.IntVar(&o.inFlight, "in-flight", 100, "calls at once, for memory")
	f.IntVar(&o.backends, "backends", 1000, "backends of the gateway, for start")
	f.StringVar(&o.results, "results", "", "the `directory` of the results (../.bin/bench; with -cells or -only, partial in it; with -smoke, a temporary one)")
	f.StringVar(&o.docs, "docs", filepath.Join("..", "docs"), "the `directory` that report writes to")
	f.BoolVar(&o.force, "force", false, "have report take results that are of a part, of -smoke or of different commits: for tests")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.cells, err = regexp.Compile(*cells); err != nil {
		return o, err
	}
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, err
	}
	if o.rounds < 1 || o.duration <= 0 || o.inFlight < 1 || o.backends < 1 {
		return o, errors.New("rounds, duration, in-flight and backends must be above zero")
	}
	if o.tasks = f.Args(); len(o.tasks) == 0 {
		o.tasks = []string{"calls", "memory", "start"}
	}
	for _, t := range o.tasks {
		if !slices.Contains([]string{"calls", "memory", "start", "report"}, t) {
			return o, fmt.Errorf("there is nothing to do that is called %q", t)
		}
	}
	o.filtered = *cells != "" || *only != ""
	if o.results == "" && !o.smoke {
		o.results = filepath.Join("..", ".bin", "bench")
		if o.filtered {
			o.results = filepath.Join(o.results, "partial")
		}
	}
	if o.smoke {
		o.rounds, o.inFlight, o.backends = 1, 2, 30
	}
	return o, nil
}

// mayWrite tells whether a run that is not a whole one would replace the results of one.
func (o options) mayWrite() error {
	if !o.smoke && !o.filtered {
		return nil
	}
	for _, task := range o.tasks {
		file := filepath.Join(o.results, task+".json")
		var m machine
		if err := readJSON(file, &m); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if !m.Smoke && !m.Partial {
			return fmt.Errorf("%s is of a whole run, which this one must not replace: choose other -results", file)
		}
	}
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	if o.results == "" {
		if o.results, err = os.MkdirTemp("", "bench-results-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.results)) }()
	}
	if err := os.MkdirAll(o.results, 0o755); err != nil {
		return err
	}
	if err := o.mayWrite(); err != nil {
		return err
	}
	var l *lab // made for the first task that measures
	for _, task := range o.tasks {
		if task == "report" {
			if err := writeReport(o.results, o.docs, o.force); err != nil {
				return err
			}
			continue
		}
		if l == nil {
			if l, err = newLab(ctx, o, stderr); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, l.close()) }()
			if err := l.verify(ctx); err != nil {
				return fmt.Errorf("verifying signatures: %w", err)
			}
		}
		switch task {
		case "calls":
			err = l.calls(ctx, stdout)
		case "memory":
			err = l.memory(ctx, stdout)
		case "start":
			err = l.start(ctx, stdout)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", task, err)
		}
	}
	return nil
}
