package main

// contestant is a way to call a function, and the worker that does it.
type contestant struct {
	Name   string
	Title  string // for tables
	binary string
	args   []string
	// gateway tells that it has pipes to build.
	gateway bool
}

const (
	ours        = "ours"
	published   = "published"
	sdk         = "sdk"
	floor       = "floor"
	ours14      = "ours-1.4"
	published14 = "published-1.4"
)

func contestants() []contestant {
	return []contestant{
		{ours, "this module, KrakenD 2", "worker", []string{ours}, true},
		{published, "published, KrakenD 2", "worker", []string{published}, true},
		{sdk, "AWS SDK alone", "worker", []string{sdk}, false},
		{floor, "net/http and a signature", "worker", []string{floor}, false},
		{ours14, "this module, KrakenD 1.4", "worker-ours-1.4", nil, true},
		{published14, "published, KrakenD 1.4", "worker-published-1.4", nil, true},
	}
}

// title returns what tables call the contestant of the name.
func title(name string) string {
	for _, c := range contestants() {
		if c.Name == name {
			return c.Title
		}
	}
	return name
}

// pair is a comparison: the ratio of one contestant's figures to another's.
type pair struct{ of, to string }

func pairs() []pair {
	return []pair{{ours, published}, {ours, sdk}, {ours, floor}, {ours14, published14}}
}
