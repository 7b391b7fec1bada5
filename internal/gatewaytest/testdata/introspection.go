package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
)

// init has a gateway tell its tests, over the socket that they name, what its process
// holds. The build of the tests puts this file beside the gateway's own.
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
		for range 2 { // the second takes what the first has moved out of the pools
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		fmt.Fprint(w, m.HeapAlloc)
	})
	go http.Serve(l, mux)
}
