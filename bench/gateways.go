package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// generation is a generation of KrakenD.
type generation struct {
	name    string
	version int    // of its krakend.json
	example string // the directory of the gateway with this module
	// published: this program can also be a gateway with the published module.
	published bool
}

func generations() []generation {
	return []generation{
		{"KrakenD 1", 2, "../examples/krakend", false},
		{"KrakenD 1.4", 2, "../examples/krakend14", false},
		{"KrakenD 2", 3, "../examples/krakend2", true},
	}
}

// The kinds of endpoints.
const (
	lambdaEndpoint    = "/lambda"
	plainEndpoint     = "/http"
	publishedEndpoint = "/published" // on another gateway
)

// requests is one kind of request to one generation.
type requests struct {
	generation, method string
	reply              int // bytes
}

func (r requests) String() string {
	return fmt.Sprintf("%s, %s, %s", r.generation, r.method, spaced(r.reply))
}

// gatewayResults has the slices of one kind of request by the kind of endpoint, one for each round.
type gatewayResults struct {
	requests
	slices map[string][]slice
}

// measureGateways sends requests to the gateways of each generation in turns.
func measureGateways(ctx context.Context, o options) (results []gatewayResults, err error) {
	server, err := startAPI(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, g := range generations() {
		o.progress("gateways: building %s", g.name)
		binary, err := buildGateway(ctx, g.example, dir)
		if err != nil {
			return nil, err
		}
		r, err := g.measure(ctx, o, server, binary)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		results = append(results, r...)
	}
	return results, nil
}

func (g generation) measure(ctx context.Context, o options, server *remoteAPI, binary string) ([]gatewayResults, error) {
	example, pprof, err := g.start(ctx, server.addr, binary)
	if err != nil {
		return nil, err
	}
	defer example.stop()
	gateways := map[string]*gateway{lambdaEndpoint: example, plainEndpoint: example}
	kinds := []string{lambdaEndpoint, plainEndpoint}
	if g.published {
		program, err := os.Executable()
		if err != nil {
			return nil, err
		}
		link := filepath.Join(filepath.Dir(binary), "published")
		if err := os.Symlink(program, link); err != nil {
			return nil, err
		}
		published, _, err := g.start(ctx, server.addr, link, "gateway")
		if err != nil {
			return nil, err
		}
		defer published.stop()
		gateways[publishedEndpoint] = published
		kinds = append(kinds, publishedEndpoint)
	}

	var results []gatewayResults
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		for _, size := range []int{small, medium} {
			r := gatewayResults{requests{g.name, method, size}, make(map[string][]slice)}
			o.progress("gateways: %s", r)
			for round := range o.rounds {
				for _, kind := range rotated(kinds, round) {
					s, err := r.turn(ctx, o, server, gateways[kind], kind, round, pprof)
					if err != nil {
						return nil, fmt.Errorf("%s %s: %w", method, kind, err)
					}
					r.slices[kind] = append(r.slices[kind], s)
				}
			}
			results = append(results, r)
		}
	}
	return results, nil
}

// turn sends requests of one kind for a time. If the options ask for profiles, it writes one in the
// first round.
func (r requests) turn(ctx context.Context, o options, server *remoteAPI, g *gateway, kind string, round int, pprof string) (s slice, err error) {
	l := r.load(g.addr, kind)
	if _, err := l.send(o.atOnce, o.duration/10); err != nil { // to warm up
		return s, err
	}
	duration, profiled := o.duration, make(chan error, 1)
	if o.profiles != "" && round == 0 && kind != publishedEndpoint {
		const seconds = 5
		duration = (seconds + 1) * time.Second
		file := filepath.Join(o.profiles, fmt.Sprintf("%s %s.pprof", r, kind[1:]))
		go func() { profiled <- profile(pprof, file, seconds) }()
	} else {
		profiled <- nil
	}
	got, err := server.counted(func() error {
		before, err := g.cpu()
		if err != nil {
			return err
		}
		start := time.Now()
		if s.calls, err = l.send(o.atOnce, duration); err != nil {
			return err
		}
		s.seconds = time.Since(start).Seconds()
		after, err := g.cpu()
		s.cpu = (after - before).Seconds()
		return errors.Join(err, ctx.Err())
	})
	want := int64(s.calls)
	if kind == plainEndpoint && got.Plain != want || kind != plainEndpoint && got.Calls != want {
		err = errors.Join(err, fmt.Errorf("%d requests were answered, and the API got %+v", want, got))
	}
	return s, errors.Join(err, <-profiled)
}

// load returns a request of this kind to an endpoint.
func (r requests) load(addr, kind string) load {
	path, payload := endpointPath(kind, r.method, r.reply), ""
	if r.method == http.MethodPost {
		payload, _ = document(small)
	} else {
		path += "/7"
	}
	reply, _ := document(r.reply)
	return newLoad(addr, r.method, path, payload, reply)
}

func endpointPath(kind, method string, size int) string {
	return fmt.Sprintf("%s/%s/%d", kind, method, size)
}

// start starts a gateway with all endpoints. It also returns the address of its profiles.
func (g generation) start(ctx context.Context, upstream, program string, args ...string) (_ *gateway, pprof string, err error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, "", err
	}
	if pprof, err = freeAddr(); err != nil {
		return nil, "", err
	}
	probe := requests{method: http.MethodPost, reply: small}.load(addr, lambdaEndpoint)
	running, err := startGateway(ctx, addr, pprof, g.configuration(addr, upstream), probe, program, args...)
	return running, pprof, err
}

// configuration returns the krakend.json of a gateway at addr.
func (g generation) configuration(addr, upstream string) []byte {
	type object = map[string]any
	var endpoints []object
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		suffix := ""
		if method == http.MethodGet {
			suffix = "/{id}"
		}
		for _, size := range []int{small, medium} {
			plain := object{"host": []string{"http://" + upstream}, "url_pattern": fmt.Sprintf("%s%d%s", plainPrefix, size, suffix)}
			lambda := object{
				"host":         []string{"http://" + upstream}, // the published module requires it
				"url_pattern":  "/",
				"extra_config": object{"github.com/devopsfaith/krakend-lambda": target("http://"+upstream, functionName(size))},
			}
			for kind, backend := range map[string]object{plainEndpoint: plain, lambdaEndpoint: lambda, publishedEndpoint: lambda} {
				endpoints = append(endpoints, object{"endpoint": endpointPath(kind, method, size) + suffix, "method": method, "backend": []object{backend}})
			}
		}
	}
	host, port, _ := net.SplitHostPort(addr) // addr comes from net.Listen
	b, _ := json.Marshal(object{             // texts and numbers: no error
		"version": g.version, "listen_ip": host, "port": json.Number(port), "timeout": "30s",
		"max_idle_connections": 512, "max_idle_connections_per_host": 512, "endpoints": endpoints,
	})
	return b
}
