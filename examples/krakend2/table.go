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
var placeholder = regexp.MustCompile(`:([^/]+)`)

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
			fmt.Fprintf(table, "%s %s\t%s\n", e.Method, placeholder.ReplaceAllString(e.Endpoint, "{$1}"), invokes)
		}
	}
	table.Flush()
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
