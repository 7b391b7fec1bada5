package lambdatest

import (
	"maps"
	"net/http"
	"strconv"
)

// A reply is an answer that has not been sent. It is either complete, or has a function
// that makes the body while it sends it.
type reply struct {
	status int
	header http.Header
	body   []byte
	stream func(w http.ResponseWriter, r *http.Request, rep reply, cut CutPoint) // nil for a complete reply
}

func newReply(status int, body []byte) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

// send writes rep. It ignores the errors of a caller that has disconnected.
func (rep reply) send(w http.ResponseWriter) {
	if len(rep.body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	rep.sendHeader(w)
	w.Write(rep.body)
}

func (rep reply) sendHeader(w http.ResponseWriter) {
	maps.Copy(w.Header(), rep.header)
	w.WriteHeader(rep.status)
}
