package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/devopsfaith/krakend/config"

	lambda "github.com/devopsfaith/krakend-lambda"
)

// placeholder is one as the router spells it.
var placeholder = regexp.MustCompile(`/:([^/]+)`)

// name is an endpoint as krakend.json has it.
func name(e *config.EndpointConfig) string {
	return e.Method + " " + placeholder.ReplaceAllString(e.Endpoint, "/{$1}")
}

// reports has the report of each Lambda backend, by its configuration.
type reports map[*config.Backend]lambda.Report

func (r reports) add(report lambda.Report) { r[report.Backend] = report }

// print writes a table of the endpoints that have Lambda backends, and of what these
// invoke. It writes nothing if there are none.
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

// nowhere returns the endpoints with a backend that is neither a function nor has a host:
// its namespace is misspelled, for example.
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

// bad returns how many of the backends have a bad configuration.
func (r reports) bad() (n int) {
	for _, report := range r {
		if report.Err != nil {
			n++
		}
	}
	return n
}
