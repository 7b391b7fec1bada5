package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options has the values of the command line.
type options struct {
	rounds   int
	atOnce   int
	duration time.Duration // of a turn
	write    string        // directory for tables and plot; empty to write none
	profiles string        // directory for profiles; empty to write none
	tasks    []string
	log      io.Writer
}

func (o options) progress(format string, args ...any) { fmt.Fprintf(o.log, format+"\n", args...) }

func parseOptions(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.IntVar(&o.rounds, "rounds", 31, "how `often` each contestant has its turn")
	f.IntVar(&o.atOnce, "at-once", 8, "the `number` of concurrent requests, for gateways")
	f.DurationVar(&o.duration, "duration", 300*time.Millisecond, "of a turn, after its warm-up")
	f.StringVar(&o.write, "write", "", "update performance.md and performance.svg in this `directory`")
	f.StringVar(&o.profiles, "profiles", "", "write CPU profiles of gateways into this `directory`")
	smoke := f.Bool("smoke", false, "measure next to nothing, only to see that it works")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.log, o.tasks = stderr, f.Args()
	if len(o.tasks) == 0 {
		o.tasks = []string{"calls", "start", "gateways"}
	}
	for _, task := range o.tasks {
		if !slices.Contains([]string{"calls", "start", "gateways"}, task) {
			return o, fmt.Errorf("unknown measurement %q: name calls, start or gateways", task)
		}
	}
	if *smoke {
		o.rounds, o.duration, o.log = 1, time.Millisecond, io.Discard
	}
	if o.rounds < 1 || o.atOnce < 1 || o.duration <= 0 {
		return o, errors.New("rounds, at-once and duration must be above 0")
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	useCredentials()
	if len(args) > 0 {
		switch args[0] { // this program starts itself for other processes
		case "api":
			return serveAPI(os.Stdin, stdout)
		case "gateway":
			return servePublished(ctx, args[1:])
		}
	}
	all, err := contestants()
	if err != nil {
		return err
	}
	if len(args) == 3 && args[0] == "pipes" {
		return buildPipes(all, args[1], args[2], stdout)
	}
	o, err := parseOptions(args, stderr)
	if err != nil {
		return err
	}
	for _, task := range o.tasks {
		var tables string
		switch task {
		case "calls":
			var results callResults
			if results, err = measureCalls(ctx, o, all); err == nil {
				tables = callTables(results, all)
				err = o.save("performance.svg", plot(results))
			}
		case "start":
			var results map[string][]started
			if results, err = measureStart(ctx, o, all); err == nil {
				tables = startTable(results, all)
			}
		case "gateways":
			var results []gatewayResults
			if results, err = measureGateways(ctx, o); err == nil {
				tables = gatewayTables(results)
			}
		}
		if err == nil {
			tables += provenance(o, task)
			fmt.Fprintln(stdout, tables)
			err = o.update("performance.md", task, tables)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", task, err)
		}
	}
	return nil
}
