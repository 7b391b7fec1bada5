//go:build unix

package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// startTimeout is how long a program may take to start.
const startTimeout = time.Minute

// binaries is the directory of the built programs. They stay there, so that the next run links only
// those that have changed.
const binaries = ".bin/examples"

// gateways are the directories of the example gateways, by generation.
var gateways = map[string]string{
	"1":   "examples/krakend",
	"1.4": "examples/krakend14",
	"2":   "examples/krakend2",
}

func main() {
	functions := flag.String("functions-addr", "127.0.0.1:9001", "the `address` of the functions")
	webapp := flag.String("webapp-addr", "127.0.0.1:9002", "the `address` of the web application")
	port := flag.Int("port", 8080, "the `port` of the gateway, 0 for any")
	once := flag.Bool("once", false, "exit once the requests are answered")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "run: unexpected argument %q; -h lists the flags\n", flag.Arg(0))
		os.Exit(2)
	}

	// SIGPIPE: the reader of the output has gone. Without this, the program would end before the
	// programs that it started.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()

	// Failures after the signal do not count.
	if err := run(ctx, cmp.Or(os.Getenv("KRAKEND"), "2"), *functions, *webapp, *port, *once); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, generation, functionsAddr, webappAddr string, port int, once bool) error {
	gatewayDir, ok := gateways[generation]
	if !ok {
		return fmt.Errorf("KRAKEND=%s is unknown: choose KRAKEND=1, KRAKEND=1.4 or KRAKEND=2", generation)
	}
	functionsAddr, err := freeAddr(functionsAddr, "functions-addr")
	if err != nil {
		return err
	}
	webappAddr, err = freeAddr(webappAddr, "webapp-addr")
	if err != nil {
		return err
	}
	gatewayAddr, err := freeAddr(fmt.Sprintf("127.0.0.1:%d", port), "port")
	if err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "krakend-lambda-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	functionsBin, webappBin, gatewayBin := filepath.Join(binaries, "functions"), filepath.Join(binaries, "webapp"), filepath.Join(binaries, filepath.Base(gatewayDir))
	for _, b := range []struct{ about, source, output string }{
		{"the sample functions", "examples/functions", functionsBin},
		{"the web application", "examples/webapp", webappBin},
		{"the gateway, KrakenD " + generation, gatewayDir, gatewayBin},
	} {
		fmt.Printf("Building %s (%s) ", b.about, b.source)
		if err := build(ctx, os.Stdout, b.source, b.output); err != nil {
			return err
		}
	}
	config := filepath.Join(dir, "krakend.json")
	if err := writeConfig(config, gatewayDir, functionsAddr, webappAddr, gatewayAddr); err != nil {
		return err
	}

	env := withoutAWS(os.Environ())
	functions, err := start("functions", env, functionsBin, "-addr", functionsAddr)
	if err != nil {
		return err
	}
	defer functions.stop()
	if err := functions.waitUntilAnswers(ctx, "http://"+functionsAddr); err != nil {
		return err
	}

	webapp, err := start("webapp", env, webappBin, "-addr", webappAddr)
	if err != nil {
		return err
	}
	defer webapp.stop()
	if err := webapp.waitUntilAnswers(ctx, "http://"+webappAddr); err != nil {
		return err
	}

	gateway, err := start("gateway", slices.Concat(env, fakeCredentials), gatewayBin, "-c", config)
	if err != nil {
		return err
	}
	defer gateway.stop()
	if err := gateway.waitUntilAnswers(ctx, "http://"+gatewayAddr+"/__health"); err != nil {
		return err
	}

	if err := show(ctx, os.Stdout, "http://"+gatewayAddr); err != nil {
		select {
		case <-gateway.done: // explains the missing answer
			return gateway.died()
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		return err
	}
	if once {
		return nil
	}

	fmt.Printf("A web application that runs as a function: open http://%s/ in a browser.\n\n", gatewayAddr)
	fmt.Println("All of it keeps running, and the logs follow here. Ctrl-C stops it.")
	functions.followed.Store(true)
	webapp.followed.Store(true)
	gateway.followed.Store(true)
	select {
	case <-ctx.Done():
		fmt.Println("\nStopping the gateway, the web application and the functions.")
		return nil
	case <-functions.done:
		return functions.died()
	case <-webapp.done:
		return webapp.died()
	case <-gateway.done:
		return gateway.died()
	}
}

// freeAddr returns addr with a free port: its own, or any if that is 0. The error names the flag
// that changes the port.
func freeAddr(addr, flag string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("%w (choose another with -%s; make takes it as ARGS=\"-%s …\")", err, flag, flag)
	}
	return l.Addr().String(), l.Close()
}

// writeConfig writes the configuration of the gateway in dir to file, with the addresses of this
// run.
func writeConfig(file, dir, functionsAddr, webappAddr, gatewayAddr string) error {
	config, err := os.ReadFile(filepath.Join(dir, "krakend.json"))
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(gatewayAddr)
	if err != nil {
		return err
	}
	r := strings.NewReplacer(`"port": 8080`, `"port": `+port, "//127.0.0.1:9001", "//"+functionsAddr, "//127.0.0.1:9002", "//"+webappAddr, "//127.0.0.1:8080", "//"+gatewayAddr)
	return os.WriteFile(file, []byte(r.Replace(string(config))), 0o600)
}

// fakeCredentials are not real: the SDK needs credentials to sign calls, and the functions do not
// check signatures.
var fakeCredentials = []string{
	"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
	"AWS_SECRET_ACCESS_KEY=not-a-secret",
	"AWS_EC2_METADATA_DISABLED=true",
	"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	"AWS_CONFIG_FILE=" + os.DevNull,
}

// withoutAWS returns env without AWS's variables, so that no program gets real credentials.
func withoutAWS(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "AWS_") })
}
