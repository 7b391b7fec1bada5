package main

import (
	"strings"
	"text/template"
)

// plot returns an SVG of the CPU time of calls, as ratios to the published module.
func plot(results callResults) string {
	type bar struct {
		Label, Colour, Value string
		Y, Width, End        float64
	}
	const unit, step = 420, 26 // pixels of a ratio of 1, and from bar to bar
	var bars []bar
	for i, c := range cells() {
		for _, p := range []struct{ of, to, label, colour string }{
			{"ours", "published", "KrakenD 2", "#0072b2"},
			{"ours-1.4", "published-1.4", "KrakenD 1.4", "#e69f00"},
		} {
			ratio := median(ratios(column(results[i][p.of], cpuMicros), column(results[i][p.to], cpuMicros)))
			bars = append(bars, bar{c.String() + ", " + p.label, p.colour, number(ratio), float64(60 + step*len(bars)), unit * ratio, 325 + unit*ratio})
		}
	}
	var b strings.Builder
	svg := template.Must(template.New("").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {{.Height}}" font-family="sans-serif" font-size="13">
<rect width="860" height="{{.Height}}" fill="#fff"/>
<text x="16" y="26" font-size="15">CPU time of a call, compared with the published module (1.00); less is better</text>
<path d="M740 42V{{.Foot}}" stroke="#888" stroke-dasharray="4 3"/>
{{range .Bars}}<text x="312" y="{{.Y}}" text-anchor="end">{{.Label}}</text>
<rect x="320" y="{{.Y}}" width="{{.Width}}" height="16" fill="{{.Colour}}" transform="translate(0 -12)"/>
<text x="{{.End}}" y="{{.Y}}">{{.Value}}</text>
{{end}}</svg>
`))
	height := 60 + step*len(bars)
	if err := svg.Execute(&b, map[string]any{"Height": height, "Foot": height - 16, "Bars": bars}); err != nil {
		panic(err) // of the template
	}
	return b.String()
}
