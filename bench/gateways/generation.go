package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A generation is one of KrakenD, with its gateways.
type generation struct {
	key, name string
	version   int // of its krakend.json
	// example and published are the directories of the gateways' main packages.
	// published is empty for KrakenD 1: v1.4.0 is for Lura 1.4, and no version from before
	// could be had of the module proxy.
	example, published string
}

func generations() []generation {
	return []generation{
		{"1", "KrakenD 1", 2, "examples/krakend", ""},
		{"1.4", "KrakenD 1.4", 2, "examples/krakend14", "bench/gateways/published14"},
		{"2", "KrakenD 2", 3, "examples/krakend2", "bench/gateways/published2"},
	}
}

// choose returns the generations that a list with commas names, all for an empty one.
func choose(list string) ([]generation, error) {
	all := generations()
	if list == "" {
		return all, nil
	}
	var chosen []generation
	for key := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(g generation) bool { return g.key == key })
		if i < 0 {
			return nil, fmt.Errorf("there is no gateway for KrakenD %q (choose 1, 1.4 or 2 with -generation)", key)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// The names of what is measured.
const (
	ours   = "lambda"
	plain  = "http"
	former = "published"
)

func methods() []string { return []string{http.MethodPost, http.MethodGet} }

// A target is what a run sends its requests to.
type target struct {
	method, name string
	gateway      *process
	upstream     string // host:port
	load         load
}

// measure builds and starts the gateways of g and sends them their load, in turns.
func (g generation) measure(ctx context.Context, o options, root, dir, upstream string, progress io.Writer) ([]measurement, error) {
	example, err := g.start(ctx, root, dir, g.example, upstream, progress)
	if err != nil {
		return nil, err
	}
	defer example.stop()
	var published *process
	if g.published != "" {
		if published, err = g.start(ctx, root, dir, g.published, upstream, progress); err != nil {
			return nil, err
		}
		defer published.stop()
	}

	var measured []measurement
	for _, method := range methods() {
		targets := []target{
			{method, ours, example, upstream, newLoad(example.addr, method, "/lambda")},
			{method, plain, example, upstream, newLoad(example.addr, method, "/http")},
		}
		if published != nil {
			targets = append(targets, target{method, former, published, upstream, newLoad(published.addr, method, "/lambda")})
		}
		for round := range o.rounds {
			fmt.Fprintf(progress, "%s: %s, round %d of %d\n", g.name, method, round+1, o.rounds)
			for _, t := range rotated(targets, round) {
				m, err := t.measure(ctx, o)
				if err != nil {
					return nil, fmt.Errorf("%s %s: %w", t.method, t.name, err)
				}
				m.round = round
				measured = append(measured, m)
			}
		}
	}
	return measured, nil
}

// rotated returns the order of a round: each begins with another one, and odd ones go the
// other way round, so that none always follows the same.
func rotated[T any](all []T, round int) []T {
	n := round % len(all)
	order := slices.Concat(all[n:], all[:n])
	if round%2 == 1 {
		slices.Reverse(order[1:])
	}
	return order
}

// start builds the gateway whose main package is in source and starts it.
func (g generation) start(ctx context.Context, root, dir, source, upstream string, progress io.Writer) (*process, error) {
	fmt.Fprintf(progress, "%s: building %s\n", g.name, source)
	base := filepath.Join(dir, strings.ReplaceAll(source, "/", "-"))
	if err := os.Mkdir(base, 0o700); err != nil {
		return nil, err
	}
	binary := filepath.Join(base, "krakend")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, ".")
	build.Dir = filepath.Join(root, filepath.FromSlash(source))
	build.Env = append(os.Environ(), "GOWORK=off")
	build.Cancel = func() error { return build.Process.Signal(os.Interrupt) }
	build.WaitDelay = stopTimeout
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s: %w\n%s", source, err, out)
	}

	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	configuration, err := g.configuration(addr, upstream)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(base, "krakend.json")
	if err := os.WriteFile(file, configuration, 0o600); err != nil {
		return nil, err
	}

	cmd := exec.CommandContext(ctx, binary, "-c", file)
	cmd.Dir = base
	// Nothing of AWS but this, and no settings of Go's: every gateway has the same.
	cmd.Env = []string{
		"HOME=" + base,
		"PATH=" + os.Getenv("PATH"),
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=not-a-secret",
		"AWS_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true",
	}
	// Its standard output, with the router's access log, goes nowhere.
	cmd.Stderr = os.Stderr
	p, err := startProcess(cmd)
	if err != nil {
		return nil, err
	}
	p.addr = addr
	if err := p.await(ctx, newLoad(addr, http.MethodPost, "/lambda")); err != nil {
		p.stop()
		return nil, fmt.Errorf("starting %s: %w", source, err)
	}
	return p, nil
}

// configuration is the krakend.json of a gateway at addr.
func (g generation) configuration(addr, upstream string) ([]byte, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	type object = map[string]any
	var endpoints []object
	for _, method := range methods() {
		suffix := ""
		if method == http.MethodGet {
			suffix = "/{id}"
		}
		endpoints = append(endpoints,
			object{"endpoint": "/http" + suffix, "method": method, "backend": []object{{
				"host":        []string{"http://" + upstream},
				"url_pattern": plainPath + suffix,
			}}},
			object{"endpoint": "/lambda" + suffix, "method": method, "backend": []object{{
				// For the published module: without a host, KrakenD's load balancer answers.
				// The upstream has no such path.
				"host":        []string{"http://" + upstream},
				"url_pattern": "/not-a-function",
				"extra_config": object{"github.com/devopsfaith/krakend-lambda": object{
					"function_name": functionName,
					"region":        "us-east-1", // the published module takes no endpoint without it
					"endpoint":      "http://" + upstream,
				}},
			}}},
		)
	}
	return json.MarshalIndent(object{
		"version":                       g.version,
		"name":                          g.name,
		"listen_ip":                     "127.0.0.1", // KrakenD 2 only: the other examples are on loopback by themselves
		"port":                          json.Number(port),
		"timeout":                       "30s",
		"max_idle_connections":          512,
		"max_idle_connections_per_host": 512,
		"endpoints":                     endpoints,
	}, "", "  ")
}

// newLoad is what a gateway's endpoint gets, and what it must answer.
func newLoad(addr, method, path string) load {
	var b bytes.Buffer
	if method == http.MethodGet {
		fmt.Fprintf(&b, "GET %s/%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, id, addr)
	} else {
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, path, addr, len(payload), payload)
	}
	return load{addr: addr, request: b.Bytes(), reply: []byte(reply)}
}

// freeAddr returns an address on loopback that nobody listens at.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
