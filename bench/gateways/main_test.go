package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain has the program under test be the upstream, too: it starts itself as that.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == upstreamArgument {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	tests := map[string]struct {
		args        string
		rounds      int
		generations string
		out         string
	}{
		"nothing":     {"", 5, "KrakenD 1, KrakenD 1.4, KrakenD 2", filepath.Join("root", ".bin", "bench", "gateways.json")},
		"rounds":      {"-rounds 3 -out x.json", 3, "KrakenD 1, KrakenD 1.4, KrakenD 2", "x.json"},
		"generations": {"-generation 2,1", 5, "KrakenD 2, KrakenD 1", ""},
		"smoke":       {"-smoke -rounds 3", 1, "KrakenD 1, KrakenD 1.4, KrakenD 2", ""},
		"smoke's out": {"-smoke -out x.json", 1, "KrakenD 1, KrakenD 1.4, KrakenD 2", "x.json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o, err := parse(strings.Fields(test.args), "root", t.Output())
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, g := range o.generations {
				names = append(names, g.name)
			}
			if got := strings.Join(names, ", "); got != test.generations {
				t.Errorf("generations: got %s, want %s", got, test.generations)
			}
			if o.rounds != test.rounds || o.out != test.out {
				t.Errorf("got %d rounds, to %q; want %d, to %q", o.rounds, o.out, test.rounds, test.out)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range []string{"-rounds 0", "-concurrency 0", "-duration 0s", "-generation 3", "-generation 1,", "more"} {
		if _, err := parse(strings.Fields(args), "root", t.Output()); err == nil {
			t.Errorf("%s: got no error", args)
		}
	}
}

func TestOnlyWholeRunsReplaceWholeResults(t *testing.T) {
	tests := []struct {
		there, args string
		want        bool
	}{
		{`{"rounds":5}`, "", true},
		{`{"rounds":5}`, "-smoke", false},
		{`{"rounds":5}`, "-generation 2", false},
		{`{"smoke":true}`, "-generation 2", true},
		{`{"partial":true}`, "-smoke", true},
	}
	for _, test := range tests {
		out := filepath.Join(t.TempDir(), "gateways.json")
		if err := os.WriteFile(out, []byte(test.there), 0o644); err != nil {
			t.Fatal(err)
		}
		o, err := parse(append(strings.Fields(test.args), "-out", out), "root", t.Output())
		if err != nil {
			t.Fatal(err)
		}
		if err := o.mayWrite(); (err == nil) != test.want {
			t.Errorf("%q over %s: got %v", test.args, test.there, err)
		}
	}
}

// TestSmoke runs all gateways: each kind of request is answered as it should be.
func TestSmoke(t *testing.T) {
	out := filepath.Join(t.TempDir(), "results", "gateways.json")
	var table bytes.Buffer
	if err := run(t.Context(), []string{"-smoke", "-concurrency", "16", "-out", out}, &table, t.Output()); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &table)

	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rounds int
		Smoke  bool
		Rows   []struct {
			Generation, Method, Name string
			PerSecond                float64 `json:"requests_per_second"`
			P50                      float64 `json:"p50_us"`
			P99                      float64 `json:"p99_us"`
			Errors                   int
		}
		Ratios []struct {
			Generation, Method, Against string
			PerSecond                   struct{ Median, Low, High float64 } `json:"requests_per_second"`
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Rounds != 1 {
		t.Errorf("got %d rounds, want 1", got.Rounds)
	}
	if !got.Smoke {
		t.Error("the file does not say that it is of -smoke")
	}
	var rows, ratios []string
	for _, r := range got.Rows {
		rows = append(rows, fmt.Sprint(r.Generation, " ", r.Method, " ", r.Name))
		if r.PerSecond <= 0 || r.P50 <= 0 || r.P99 < r.P50 || r.Errors != 0 {
			t.Errorf("got the figures %+v", r)
		}
	}
	for _, r := range got.Ratios {
		ratios = append(ratios, fmt.Sprint(r.Generation, " ", r.Method, " ", r.Against))
		if r.PerSecond.Low <= 0 || r.PerSecond.Median < r.PerSecond.Low || r.PerSecond.High < r.PerSecond.Median {
			t.Errorf("got the ratio %+v", r)
		}
	}
	wantRows := []string{
		"KrakenD 1 POST lambda", "KrakenD 1 POST http", "KrakenD 1 GET lambda", "KrakenD 1 GET http",
		"KrakenD 1.4 POST lambda", "KrakenD 1.4 POST http", "KrakenD 1.4 POST published",
		"KrakenD 1.4 GET lambda", "KrakenD 1.4 GET http", "KrakenD 1.4 GET published",
		"KrakenD 2 POST lambda", "KrakenD 2 POST http", "KrakenD 2 POST published",
		"KrakenD 2 GET lambda", "KrakenD 2 GET http", "KrakenD 2 GET published",
	}
	if got, want := strings.Join(rows, "\n"), strings.Join(wantRows, "\n"); got != want {
		t.Errorf("rows: got\n%s\nwant\n%s", got, want)
	}
	var wantRatios []string
	for _, r := range wantRows {
		if !strings.HasSuffix(r, " lambda") {
			wantRatios = append(wantRatios, r)
		}
	}
	if got, want := strings.Join(ratios, "\n"), strings.Join(wantRatios, "\n"); got != want {
		t.Errorf("ratios: got\n%s\nwant\n%s", got, want)
	}
}

// A canceler ends a context when a text is written.
type canceler struct {
	at     string
	cancel context.CancelFunc
}

func (c canceler) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.at) {
		c.cancel()
	}
	return len(p), nil
}

// TestInterrupted ends a measurement that would go on for hours.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := filepath.Join(t.TempDir(), "gateways.json")
	args := []string{"-generation", "1", "-duration", "1h", "-out", out}
	returned := make(chan error, 1)
	go func() { returned <- run(ctx, args, t.Output(), canceler{"round 1", cancel}) }()
	select {
	case err := <-returned:
		if err == nil {
			t.Error("got no error")
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("it has not ended")
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("it has written a file")
	}
}
