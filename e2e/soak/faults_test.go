package soak

import (
	"bytes"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// A fault is something that goes wrong with a call, and its result according to docs/errors.md.
type fault struct {
	name   string
	weight int // relative probability
	only   form

	// status is the status for the client if this fault ends the call. 0 means that the client
	// gets the function's reply.
	status int
	then   verdict
	// raw: a no-op endpoint sends the changed reply to the client. If broken is set too, it cuts
	// off the reply at the limit.
	raw bool
	// broken: the client's response breaks off.
	broken     bool
	code       string // of AWS's error
	retryAfter string // header

	// play answers the call. If it is nil, the function's reply goes on unchanged.
	play func(*exchange)
}

// A verdict says what the gateway does after a fault.
type verdict int

const (
	final      verdict = iota
	retried            // another attempt, as often as max_retries says
	refreshing         // another attempt with new credentials, once
)

// A form says which calls a fault applies to.
type form int

const (
	either form = iota
	buffered
	streamed
)

var (
	none   = &fault{name: "none"}
	faults = []*fault{
		refusal("429", 3, http.StatusTooManyRequests, "TooManyRequestsException", "", http.StatusTooManyRequests, retried),
		refusal("429, Retry-After", 1, http.StatusTooManyRequests, "TooManyRequestsException", "1", http.StatusTooManyRequests, retried),
		refusal("500", 3, http.StatusInternalServerError, "ServiceException", "", http.StatusBadGateway, retried),
		refusal("503 in HTML", 1, http.StatusServiceUnavailable, "", "", http.StatusBadGateway, retried),
		refusal("502 ResourceNotReady", 1, http.StatusBadGateway, "ResourceNotReadyException", "", http.StatusServiceUnavailable, retried),
		refusal("502 EC2Throttled", 1, http.StatusBadGateway, "EC2ThrottledException", "", http.StatusServiceUnavailable, retried),
		refusal("409 SnapStartNotReady", 1, http.StatusConflict, "SnapStartNotReadyException", "", http.StatusServiceUnavailable, retried),
		refusal("409 ResourceConflict", 1, http.StatusConflict, "ResourceConflictException", "", http.StatusServiceUnavailable, final),
		refusal("502 KMSDisabled", 1, http.StatusBadGateway, "KMSDisabledException", "", http.StatusBadGateway, final),
		refusal("403 AccessDenied", 1, http.StatusForbidden, "AccessDeniedException", "", http.StatusBadGateway, final),
		refusal("403 ExpiredToken", 2, http.StatusForbidden, "ExpiredTokenException", "", http.StatusBadGateway, refreshing),

		{name: "cut before headers", weight: 3, status: http.StatusBadGateway, then: retried, play: cut(func(int, int) int { return 0 })},
		{name: "cut within headers", weight: 3, status: http.StatusBadGateway, then: retried, play: cut(func(head, _ int) int { return head / 2 })},
		{name: "cut within body", weight: 3, only: buffered, status: http.StatusBadGateway, then: retried, play: (*exchange).cutBody},

		{name: "slow", weight: 4, play: (*exchange).delay},
		{name: "broken JSON", weight: 2, only: buffered, status: http.StatusBadGateway, raw: true, play: (*exchange).truncate},
		// More than Lambda's 6 MB. It is rare, because it costs a gateway as much as thousands of calls.
		{name: "over-large", weight: 1, only: buffered, status: http.StatusBadGateway, raw: true, broken: true, play: (*exchange).enlarge},

		// After the head of the stream, the client already has status and headers.
		{name: "stream cut before it begins", weight: 2, only: streamed, status: http.StatusBadGateway, then: retried, play: cutStream(0)},
		{name: "stream cut after its head", weight: 3, only: streamed, status: http.StatusOK, broken: true, play: cutStream(1)},
		{name: "stream cut in the middle", weight: 3, only: streamed, status: http.StatusOK, broken: true, play: cutStream(3)},
		{name: "stream without its end", weight: 3, only: streamed, status: http.StatusOK, broken: true, play: (*exchange).withoutEnd},
		{name: "stream with a flipped bit", weight: 3, only: streamed, status: http.StatusOK, broken: true, play: (*exchange).flip},

		{name: "connection reset", weight: 2, status: http.StatusBadGateway, then: retried, play: (*exchange).reset},
		{name: "wrong gzip", weight: 2, only: buffered, status: http.StatusBadGateway, raw: true, play: (*exchange).mislabel},
	}
)

// percentFaults is how many of a hundred calls have a fault. percentBadDays is how many of a hundred
// requests have a bad day: on it, percentFaultsOnThem of a hundred calls have a fault.
const (
	percentFaults       = 20
	percentBadDays      = 3
	percentFaultsOnThem = 85
)

// faultOf returns the fault of the n-th attempt of a call. It depends only on its parameters, so
// that a run can be repeated although the order of events differs.
func faultOf(seed uint64, id, function string, n int, streaming bool) *fault {
	day := random(seed, id)
	percent := percentFaults
	if day.IntN(100) < percentBadDays {
		percent = percentFaultsOnThem
	}
	r := random(seed, id, function, strconv.Itoa(n))
	if r.IntN(100) >= percent {
		return none
	}
	is := buffered
	if streaming {
		is = streamed
	}
	total := 0
	for _, f := range faults {
		if f.only == either || f.only == is {
			total += f.weight
		}
	}
	pick := r.IntN(total)
	for _, f := range faults {
		if f.only == either || f.only == is {
			if pick -= f.weight; pick < 0 {
				return f
			}
		}
	}
	panic("unreachable")
}

// random returns a source of numbers that depends only on the seed and the texts.
func random(seed uint64, texts ...string) *rand.Rand {
	h := fnv.New64a()
	for _, text := range texts {
		io.WriteString(h, text+"\n")
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// refusal returns a fault that is an error of the Invoke API, without an execution.
func refusal(name string, weight, status int, code, retryAfter string, gives int, then verdict) *fault {
	return &fault{name: name, weight: weight, status: gives, then: then, code: code, retryAfter: retryAfter, play: func(x *exchange) {
		rep := reply{status: status, header: make(http.Header)}
		if code == "" {
			rep.header.Set("Content-Type", "text/html")
			rep.body = []byte("<html><body>Service Unavailable</body></html>")
		} else {
			rep.header.Set("Content-Type", "application/json")
			rep.header.Set("X-Amzn-ErrorType", code)
			rep.body = []byte(`{"Type":"User","message":"a fault of the test's"}`)
		}
		if retryAfter != "" {
			rep.header.Set("Retry-After", retryAfter)
		}
		x.send(rep)
	}}
}

// cut ends the connection in the middle of the answer, after the execution. at returns the number of
// bytes to send: head is the length of status and headers, all the length of the answer.
func cut(at func(head, all int) int) func(*exchange) {
	return func(x *exchange) { x.sendCut(x.call(), at) }
}

func (x *exchange) sendCut(rep reply, at func(head, all int) int) {
	head, all := rep.bytes()
	conn := x.hijack()
	defer conn.Close()
	conn.Write(all[:at(head, len(all))])
}

// cutBody ends the connection in the middle of a reply.
func (x *exchange) cutBody() {
	rep := x.call()
	if !x.garbles(&rep) {
		x.send(rep)
		return
	}
	x.sendCut(rep, func(head, all int) int { return (head + all) / 2 })
}

// reset ends the connection with a RST: the gateway's read fails with "connection reset by peer".
func (x *exchange) reset() {
	x.call()
	conn := x.hijack()
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

func (x *exchange) delay() {
	timer := time.NewTimer(time.Duration(10+x.random.IntN(60)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
	}
	x.handOn()
}

// truncate sends half of a reply as a complete answer.
func (x *exchange) truncate() {
	x.replace(func(rep *reply) { rep.body = rep.body[:len(rep.body)/2] })
}

// mislabel sends a reply that claims to be compressed, but is not.
func (x *exchange) mislabel() {
	x.replace(func(rep *reply) { rep.header.Set("Content-Encoding", "gzip") })
}

func (x *exchange) enlarge() {
	x.replace(func(rep *reply) {
		rep.body = append([]byte(`{"much":"`), bytes.Repeat([]byte("x"), 6<<20+101)...)
		rep.body = append(rep.body, `"}`...)
	})
}

// cutStream ends the connection after n messages of the stream.
func cutStream(n int) func(*exchange) {
	return func(x *exchange) {
		s := x.stream()
		defer s.close()
		for range n {
			if message := s.next(); message != nil {
				s.send(message)
			}
		}
		panic(http.ErrAbortHandler)
	}
}

// withoutEnd leaves out the last message of a stream. The HTTP response is complete.
func (x *exchange) withoutEnd() {
	s := x.stream()
	defer s.close()
	message := s.next()
	for first := true; message != nil; first = false {
		following := s.next()
		if first || following != nil {
			s.send(message)
		}
		message = following
	}
}

// flip changes a bit in the second message, so that its checksum is wrong.
func (x *exchange) flip() {
	s := x.stream()
	defer s.close()
	for n := 1; ; n++ {
		message := s.next()
		if message == nil {
			return
		}
		if n == 2 {
			message[len(message)-1] ^= 1
		}
		s.send(message)
	}
}
