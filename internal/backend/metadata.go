package backend

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// metadata is what clients get to know of an execution, in headers. Each field is empty where
// nothing tells it.
type metadata struct {
	version, requestID string
	// execution is name and id of a durable execution.
	execution string
}

// The headers of metadata. The first two are Lambda's own.
const (
	versionHeader   = "X-Amz-Executed-Version"
	requestIDHeader = "X-Amzn-Requestid"
	executionHeader = "X-Amz-Durable-Execution"
)

func metadataOf(r *invoke.Response) metadata {
	return metadata{r.ExecutedVersion, r.RequestID, executionOf(r.DurableExecutionARN)}
}

// executionOf returns the part of a durable execution's ARN that clients may see: what stands
// before it names the account. It returns nothing of a text that is not such an ARN.
func executionOf(arn string) string {
	if _, execution, ok := strings.Cut(arn, "/durable-execution/"); ok && executionPath.MatchString(execution) {
		return execution
	}
	return ""
}

// executionPath is the end of such an ARN, from the service model of AWS Lambda.
var executionPath = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}/[A-Za-z0-9_-]{1,128}$`)

// set sets the headers that m has a value for. No function can name an execution itself.
func (m metadata) set(h http.Header) {
	delete(h, executionHeader)
	values := []string{m.version, m.requestID, m.execution}
	for i, name := range [...]string{versionHeader, requestIDHeader, executionHeader} {
		if values[i] != "" {
			h[name] = values[i : i+1 : i+1]
		}
	}
}

// Metadata are the headers of a reply that KrakenD is to show beside data: its
// routers add them to an answer whose Content-Type they set themselves.
func Metadata(reply http.Header) http.Header {
	if len(reply) == len(reply[versionHeader])+len(reply[requestIDHeader])+len(reply[executionHeader]) { // there is nothing else
		return reply
	}
	h := make(http.Header, 3)
	metadata{reply.Get(versionHeader), reply.Get(requestIDHeader), reply.Get(executionHeader)}.set(h)
	return h
}
