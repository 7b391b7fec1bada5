package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// panel is a chart of grouped bars over a line at 1, which is what the bars are ratios to.
type panel struct {
	title  string
	yLabel string
	groups []string
	series []string
	// values are by group and series. A median of NaN leaves a bar out. From the least to
	// the most there is a whisker.
	values [][]summary
}

const (
	plotWidth   = 860
	panelHeight = 230 // of the bars
	marginLeft  = 70
	marginRight = 20
	marginTop   = 40 // of a panel, for its title
	marginFoot  = 60 // of a panel, for the groups' names and the axis's
	legendSpace = 40
)

// svg draws panels of the same series below each other, on a ground of their own, so that
// they can be read on white and on dark pages.
func svg(title, xLabel string, panels []panel) string {
	// Okabe and Ito's colours differ for the colour-blind, too.
	colours := []string{"#0072b2", "#e69f00", "#009e73", "#cc79a7"}
	height := legendSpace + len(panels)*(marginTop+panelHeight+marginFoot)

	var b strings.Builder
	text := func(x, y float64, anchor string, size int, s string, more ...string) {
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d"%s>%s</text>`+"\n",
			x, y, anchor, size, strings.Join(more, ""), html.EscapeString(s))
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" font-family="sans-serif" fill="#222">`+"\n", plotWidth, height)
	fmt.Fprintf(&b, "<title>%s</title>\n", html.EscapeString(title))
	fmt.Fprintf(&b, `<rect x="0.5" y="0.5" width="%d" height="%d" rx="6" fill="#fff" stroke="#bbb"/>`+"\n", plotWidth-1, height-1)

	if len(panels) > 0 {
		x := float64(marginLeft)
		for i, s := range panels[0].series {
			fmt.Fprintf(&b, `<rect x="%.1f" y="15" width="12" height="12" fill="%s"/>`+"\n", x, colours[i%len(colours)])
			text(x+18, 26, "start", 13, s)
			x += 18 + 7.2*float64(len(s)) + 22
		}
	}
	for i, p := range panels {
		top := float64(legendSpace + i*(marginTop+panelHeight+marginFoot) + marginTop)
		bottom := top + panelHeight
		most := p.most()
		y := func(value float64) float64 { return bottom - value/most*panelHeight }
		width := float64(plotWidth - marginLeft - marginRight)

		text(marginLeft, top-14, "start", 15, p.title, ` font-weight="bold"`)
		text(18, (top+bottom)/2, "middle", 13, p.yLabel, fmt.Sprintf(` transform="rotate(-90 18 %.1f)"`, (top+bottom)/2))
		step := stepFor(most)
		for n := 0; float64(n)*step <= most+step/100; n++ {
			value := float64(n) * step
			fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1[2]f" stroke="#ddd"/>`+"\n", marginLeft, y(value), plotWidth-marginRight)
			text(marginLeft-8, y(value)+4, "end", 12, fmt.Sprintf("%.4g", value))
		}
		var numbers []func() // drawn last
		group := width / float64(len(p.groups))
		bar := group * 0.8 / float64(len(p.series))
		for g, name := range p.groups {
			left := marginLeft + group*float64(g)
			text(left+group/2, bottom+18, "middle", 12, name)
			for s, sum := range p.values[g] {
				if !sum.finite() {
					continue
				}
				value := sum.median
				x := left + group*0.1 + bar*float64(s)
				fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x+1, y(value), bar-2, bottom-y(value), colours[s%len(colours)])
				over := y(value) // where the number stands
				if sum.low < sum.high {
					over = y(sum.high)
					middle := x + bar/2
					low, begin, end := y(sum.low), middle-3, middle+3
					fmt.Fprintf(&b, `<path d="M%.1f %.1fV%.1fM%.1f %.1fH%.1fM%.1f %.1fH%.1f" fill="none" stroke="#222"/>`+"\n",
						middle, low, over, begin, low, end, begin, over, end)
				}
				numbers = append(numbers, func() {
					// The edge keeps the number apart from the line at 1.
					text(x+bar/2, over-4, "middle", 11, times(value), ` stroke="#fff" stroke-width="3" paint-order="stroke"`)
				})
			}
		}
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1[2]f" stroke="#222"/>`+"\n", marginLeft, bottom, plotWidth-marginRight)
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1[2]f" stroke="#222" stroke-dasharray="6 4"/>`+"\n", marginLeft, y(1), plotWidth-marginRight)
		for _, draw := range numbers {
			draw()
		}
		text(marginLeft+width/2, bottom+40, "middle", 13, xLabel)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// most returns what the axis has to reach: above the largest bar and above 1, with room for
// the number on top of the bar.
func (p panel) most() float64 {
	most := 1.0
	for _, group := range p.values {
		for _, v := range group {
			if v.finite() {
				most = max(most, v.median, v.high)
			}
		}
	}
	return most * 1.12
}

// stepFor returns the distance of the lines on an axis up to most: 1, 2 or 5 times a power
// of ten, for ten of them at most.
func stepFor(most float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(most/10)))
	for _, times := range []float64{1, 2, 5} {
		if most/(step*times) <= 10 {
			return step * times
		}
	}
	return step * 10
}
