package backend

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/invoke"
)

// metadata is what clients see of an execution, in headers. Any field may be empty.
type metadata struct {
	version, requestID string
	// execution is the name and id of a durable execution.
	execution string
}

// The headers of metadata. The first two have Lambda's own names.
const (
	versionHeader   = "X-Amz-Executed-Version"
	requestIDHeader = "X-Amzn-Requestid"
	executionHeader = "X-Amz-Durable-Execution"
)

func metadataOf(r *invoke.Response) metadata {
	return metadata{r.ExecutedVersion, r.RequestID, executionOf(r.DurableExecutionARN)}
}

// executionOf returns the part of a durable execution's ARN that clients may see: the part
// before it names the account. It returns an empty string for any other text.
func executionOf(arn string) string {
	if _, execution, ok := strings.Cut(arn, "/durable-execution/"); ok && executionPath.MatchString(execution) {
		return execution
	}
	return ""
}

// executionPath matches the end of such an ARN. Source: the service model of AWS Lambda.
var executionPath = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}/[A-Za-z0-9_-]{1,128}$`)

// metadataValues holds the values of the headers that metadata sets.
type metadataValues [3]string

// set sets the headers that m has values for, and keeps the values in values, which nothing else
// may use. It drops an execution header that the function sent.
func (m metadata) set(h http.Header, values *metadataValues) {
	delete(h, executionHeader)
	*values = metadataValues{m.version, m.requestID, m.execution}
	for i, name := range [...]string{versionHeader, requestIDHeader, executionHeader} {
		if values[i] != "" {
			h[name] = values[i : i+1 : i+1]
		}
	}
}

// Metadata returns the headers that KrakenD shows with decoded data: its routers add them to a
// response and set the Content-Type themselves.
func Metadata(reply http.Header) http.Header {
	if len(reply) == len(reply[versionHeader])+len(reply[requestIDHeader])+len(reply[executionHeader]) { // there are no other headers
		return reply
	}
	h := make(http.Header, 3)
	metadata{reply.Get(versionHeader), reply.Get(requestIDHeader), reply.Get(executionHeader)}.set(h, new(metadataValues))
	return h
}
