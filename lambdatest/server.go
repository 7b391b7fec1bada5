package lambdatest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
)

// A Server is an Invoke API on the loopback interface. It comes from [NewServer]
// or [Listen]: the zero Server cannot be used. Its methods are safe for concurrent use.
type Server struct {
	// URL is the server's base URL, of the form http://127.0.0.1:port without a
	// trailing slash: the endpoint of an AWS SDK, or the key "endpoint" of a backend
	// in krakend.json. Do not change it.
	URL string

	http *http.Server

	// ctx is the parent of every request's and every execution's context. Close ends it.
	ctx    context.Context
	cancel context.CancelFunc

	// running counts what Close waits for: the accept loop, the connections, and
	// the executions that outlive their connection. The loop adds connections, and
	// connections add executions, while they are counted themselves. So once the count is
	// zero, it stays zero.
	running sync.WaitGroup

	mu        sync.Mutex
	functions map[string]declared
	durable   map[durableKey]*durableExecution
	required  accessKey
	faults    map[string][]Fault
	calls     []*Call
}

// NewServer starts a server on a free port of 127.0.0.1. Call Close to shut it down.
//
// The keys of functions are bare names, and the values are handlers, both as
// [Server.Handle] takes them. NewServer copies the map. With a nil map, the server has no
// functions: each call fails with ResourceNotFoundException until Handle adds a function.
//
// NewServer panics if it cannot listen or if a name is not a valid function name.
func NewServer(functions map[string]any) *Server {
	s, err := Listen("127.0.0.1:0", functions)
	if err != nil {
		panic(err)
	}
	return s
}

// Listen starts a server as NewServer does, on an address of the form host:port.
// Port 0 selects a free port.
//
// Everyone who can reach the server can execute its handlers, so Listen returns an
// error for a host that is not a loopback address. An empty host is an error too,
// because it means every interface. Listen also returns an error if the address is in
// use or if a name is not a valid function name.
func Listen(addr string, functions map[string]any) (*Server, error) {
	declarations := make(map[string]declared, len(functions))
	for name, handler := range functions {
		d, err := declare(name, handler)
		if err != nil {
			return nil, err
		}
		declarations[name] = d
	}

	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("lambdatest: %w", err)
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("lambdatest: %q is not a loopback address", addr)
	}
	listener, err := net.ListenTCP("tcp", tcp)
	if err != nil {
		return nil, fmt.Errorf("lambdatest: %w", err)
	}

	s := &Server{
		URL:       "http://" + listener.Addr().String(),
		functions: declarations,
		durable:   make(map[durableKey]*durableExecution),
		faults:    make(map[string][]Fault),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:     http.HandlerFunc(s.serveHTTP),
		BaseContext: func(net.Listener) context.Context { return s.ctx },
		ConnState:   s.connState,
	}
	s.running.Go(func() { s.http.Serve(listener) })
	return s, nil
}

// Handle adds or replaces a function. Executions that have begun keep their handler.
//
// The function is a bare name, of 1 to 64 letters, digits, hyphens and underscores.
// Handle panics on any other name: no call could find it.
//
// The handler is one of these:
//
//   - what aws-lambda-go's NewHandler takes: a function with a signature that its Start
//     documents, or a lambda.Handler
//   - a [Function], which has a handler and settings. Handle panics if one of its versions
//     is not a valid qualifier
//
// Handle accepts handlers that NewHandler does not take, such as nil. As on AWS, each
// execution then fails with a description of the mistake.
//
// Executions of a handler run concurrently, in one process. On AWS each has a separate
// environment. The results of NewHandler execute one call at a time, because their Invoke is
// not safe for concurrent use.
//
// A handler that returns an [io.Reader] streams its reply to callers of
// InvokeWithResponseStream: see the package documentation.
func (s *Server) Handle(function string, handler any) {
	d, err := declare(function, handler)
	if err != nil {
		panic(err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.functions[function] = d
}

// RequireCredentials makes the server refuse later calls that this access key has not
// signed: with UnrecognizedClientException for another access key ID, and
// InvalidSignatureException for a signature that does not match the secret. The server
// does not check session tokens, but it checks a signature that covers one.
//
// Without it, or after a call with an empty accessKeyID, the server accepts every
// well-formed signature.
func (s *Server) RequireCredentials(accessKeyID, secretAccessKey string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.required = accessKey{accessKeyID, secretAccessKey}
}

// Calls returns the calls since the start or the last Reset, in order of arrival. It includes
// calls that the server refused, but no requests for other operations. The result is a copy.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]Call, len(s.calls))
	for i, c := range s.calls {
		calls[i] = *c
		calls[i].ClientContext = slices.Clone(c.ClientContext)
		calls[i].Payload = slices.Clone(c.Payload)
		calls[i].Header = c.Header.Clone()
	}
	return calls
}

// Reset forgets the calls so far, the remaining faults (also those of [Fault.Always])
// and the names of durable executions. It keeps functions and required credentials.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
	clear(s.faults)
	clear(s.durable)
}

// Close stops listening, closes all connections, also active ones, and cancels
// the contexts of the executions. It waits until every handler has returned, also those of
// asynchronous invocations, and until the readers of all streams are closed. A
// handler or a Read that ignores its context delays Close. A handler that calls
// Close waits for itself forever. Callers with an open request see their connection end. A
// second Close has no effect.
func (s *Server) Close() {
	s.cancel()
	s.http.Close()
	s.running.Wait()
}

// connState counts the connections. It also closes connections that were accepted while
// Close closed the ones that net/http knew.
func (s *Server) connState(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
		if s.ctx.Err() != nil {
			conn.Close()
		}
	case http.StateHijacked, http.StateClosed:
		s.running.Done()
	}
}

// record keeps a call. From then on its fields are guarded by s.mu.
func (s *Server) record(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
}

// setExecuted records that the server calls the call's handler.
func (s *Server) setExecuted(c *Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Executed = true
}

func (s *Server) lookup(name string) (declared, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.functions[name]
	return f, ok
}

func (s *Server) requiredKey() accessKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.required
}
