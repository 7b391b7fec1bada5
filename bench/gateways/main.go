package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == upstreamArgument {
		if err := serveUpstream(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "upstream:", err)
			os.Exit(1)
		}
		return
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "gateways: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "gateways:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	rounds      int
	concurrency int
	duration    time.Duration // of a run, after its warm-up
	generations []generation
	smoke       bool
	partial     bool   // not all generations
	out         string // empty writes no file
}

const (
	// warmUp is how long a run goes before it counts, so that connections are there and
	// the heap has its size.
	warmUp = 300 * time.Millisecond
	// smokeRequests are the requests of a run with -smoke, and smokeTimeout is the most
	// that they may take.
	smokeRequests = 500
	smokeTimeout  = time.Minute
)

func parse(args []string, root string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("gateways", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.rounds, "rounds", 5, "how `often` each run is repeated")
	flags.DurationVar(&o.duration, "duration", 2*time.Second, "how `long` a run is")
	flags.IntVar(&o.concurrency, "concurrency", 64, "how `many` connections send requests, each one after the other")
	only := flags.String("generation", "", "the `generations` of KrakenD, with commas: 1, 1.4 and 2 (all of them without it); no file is written without -out")
	flags.BoolVar(&o.smoke, "smoke", false, fmt.Sprintf("one round of %d requests a run, to see that everything answers: its figures say nothing, and no file is written without -out", smokeRequests))
	flags.StringVar(&o.out, "out", "", "the JSON `file` with the results (.bin/bench/gateways.json of the repository)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.rounds < 1 || o.concurrency < 1 || o.duration <= 0 {
		return o, errors.New("-rounds, -concurrency and -duration must be more than 0")
	}
	o.partial = *only != ""
	if o.smoke {
		o.rounds = 1
	} else if o.out == "" && !o.partial {
		o.out = filepath.Join(root, ".bin", "bench", "gateways.json")
	}
	var err error
	o.generations, err = choose(*only)
	return o, err
}

// mayWrite tells whether a run that is not a whole one would replace the results of one.
func (o options) mayWrite() error {
	if o.out == "" || !o.smoke && !o.partial {
		return nil
	}
	text, err := os.ReadFile(o.out)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var there struct{ Smoke, Partial bool }
	if err == nil {
		err = json.Unmarshal(text, &there)
	}
	if err != nil {
		return err
	}
	if !there.Smoke && !there.Partial {
		return fmt.Errorf("%s is of a whole run, which this one must not replace: choose another -out", o.out)
	}
	return nil
}

// run returns when everything that it has started has ended.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	root, err := repository()
	if err != nil {
		return err
	}
	o, err := parse(args, root, stderr)
	if err != nil {
		return err
	}
	if err := o.mayWrite(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "krakend-lambda-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	up, err := startUpstream(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, up.stop()) }()

	r := newReport(ctx, o)
	for _, g := range o.generations {
		measured, err := g.measure(ctx, o, root, dir, up.addr, stderr)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		r.add(g.name, measured)
	}
	if err := r.print(stdout); err != nil {
		return err
	}
	if err := r.failed(); err != nil {
		return err
	}
	if o.out == "" {
		return nil
	}
	if err := r.write(o.out); err != nil {
		return err
	}
	fmt.Fprintln(stderr, "written to", o.out)
	return nil
}

// repository is the root of the repository that the working directory is in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "bench", "gateways", "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("the working directory is not in the repository, whose gateways are built")
		}
	}
}
