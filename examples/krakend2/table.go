package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/luraproject/lura/v2/config"

	lambda "github.com/devopsfaith/krakend-lambda/lura/v2"
)

// placeholder is one as the router spells it.
var placeholder = regexp.MustCompile(`/:([^/]+)`)

// name is an endpoint as krakend.json has it.
func name(e *config.EndpointConfig) string {
	return e.Method + " " + placeholder.ReplaceAllString(e.Endpoint, "/{$1}")
}

// reports are what has become of the Lambda backends, by their configuration.
type reports map[*config.Backend]lambda.Report

func (r reports) add(report lambda.Report) { r[report.Backend] = report }

// print writes a table of the endpoints that have Lambda backends, and of what these
// invoke. Nothing is written where there is none.
func (r reports) print(w io.Writer, endpoints []*config.EndpointConfig) {
	if len(r) == 0 {
		return
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ENDPOINT\tINVOKES")
	for _, e := range endpoints {
		for _, b := range e.Backend {
			report, ok := r[b]
			if !ok {
				continue
			}
			invokes := report.Invokes
			if report.Err != nil {
				invokes = "nothing, bad configuration: " + strings.ReplaceAll(report.Err.Error(), "\n", "; ")
			}
			fmt.Fprintf(table, "%s\t%s\n", name(e), invokes)
		}
	}
	table.Flush()
}

// nowhere are the endpoints with a backend that is neither a function nor anywhere else:
// its namespace is misspelled, say.
func (r reports) nowhere(endpoints []*config.EndpointConfig) (names []string) {
	for _, e := range endpoints {
		for _, b := range e.Backend {
			if _, ok := r[b]; !ok && len(b.Host) == 0 {
				names = append(names, name(e))
			}
		}
	}
	return names
}

// bad is how many of the backends are configured badly.
func (r reports) bad() (n int) {
	for _, report := range r {
		if report.Err != nil {
			n++
		}
	}
	return n
}
