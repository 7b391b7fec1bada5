package main

import (
	"fmt"
	"slices"
)

// find returns the result of a cell.
func (r callsResult) find(c cell) (cellResult, bool) {
	i := slices.IndexFunc(r.Cells, func(other cellResult) bool { return other.Name == c.Name })
	if i < 0 {
		return cellResult{}, false
	}
	return r.Cells[i], true
}

// headline is the cell that the report begins with.
func headline() cell { return newCell(false, 64, small, small) }

// relativePlot shows all contestants beside the published module, in the headline's cell.
func relativePlot(r callsResult) (string, bool) {
	c, ok := r.find(headline())
	if !ok {
		return "", false
	}
	p := panel{
		title:  c.describe(),
		yLabel: "ratio to the published module",
		groups: []string{"calls per second", "CPU time per call", "allocations per call", "bytes allocated per call"},
	}
	compared := []pair{{ours, published}, {sdk, published}, {floor, published}, {ours14, published14}}
	for _, pair := range compared {
		p.series = append(p.series, title(pair.of))
	}
	for _, figure := range []func(figures) float64{throughput, cpu, mallocs, allocated} {
		var group []summary
		for _, pair := range compared {
			group = append(group, summarize(c.ratio(pair, figure)))
		}
		p.values = append(p.values, group)
	}
	return svg("Calls beside those of the published module", "of calls per second, more is better; of all others, less", []panel{p}), true
}

// cellsPlot shows this module beside the published one in all cells.
func cellsPlot(r callsResult) (string, bool) {
	var panels []panel
	for _, tls := range []bool{false, true} {
		scheme := "plain"
		if tls {
			scheme = "TLS"
		}
		for _, figure := range []struct {
			name string
			get  func(figures) float64
		}{
			{"calls per second (more is better)", throughput},
			{"CPU time per call (less is better)", cpu},
			{"bytes allocated per call (less is better)", allocated},
		} {
			p := panel{title: scheme + ": " + figure.name, yLabel: "ratio to the published module"}
			found := false
			for _, c := range concurrencies() {
				p.series = append(p.series, fmt.Sprintf("%d at once", c))
			}
			for _, s := range sizes() {
				p.groups = append(p.groups, sizesOf(s[0], s[1]))
				var group []summary
				for _, n := range concurrencies() {
					c, ok := r.find(newCell(tls, n, s[0], s[1]))
					found = found || ok
					group = append(group, summarize(c.ratio(pair{ours, published}, figure.get)))
				}
				p.values = append(p.values, group)
			}
			if found {
				panels = append(panels, p)
			}
		}
	}
	return svg("Sizes and concurrencies", "payload and reply, bytes", panels), len(panels) > 0
}
