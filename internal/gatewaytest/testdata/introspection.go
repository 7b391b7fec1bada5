package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
)

// init reports a gateway's goroutines and heap to its tests, over the socket that they name. The
// build of the tests adds this file to the gateway's own.
func init() {
	socket := os.Getenv("GATEWAYTEST_SOCKET")
	if socket == "" {
		return
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/goroutines", func(w http.ResponseWriter, _ *http.Request) {
		pprof.Lookup("goroutine").WriteTo(w, 2)
	})
	mux.HandleFunc("/heap", func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		for range 2 { // the second collection frees what the first one moved out of the pools
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		fmt.Fprint(w, m.HeapAlloc)
	})
	go http.Serve(l, mux)
}
