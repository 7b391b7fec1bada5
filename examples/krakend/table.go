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

// placeholder matches a placeholder in the router's spelling.
var placeholder = regexp.MustCompile(`/:([^/]+)`)

// name returns an endpoint in the spelling of krakend.json.
func name(e *config.EndpointConfig) string {
	return e.Method + " " + placeholder.ReplaceAllString(e.Endpoint, "/{$1}")
}

// reports has the report of each Lambda backend, by its configuration.
type reports map[*config.Backend]lambda.Report

func (r reports) add(report lambda.Report) { r[report.Backend] = report }

// print writes a table of the Lambda backends: their endpoints, and what they invoke. Without Lambda
// backends it writes nothing.
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

// nowhere returns the endpoints with a backend that has neither a function nor a host, for example
// because its namespace is misspelled.
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
