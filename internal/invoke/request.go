package invoke

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// Request describes a call of the Invoke API. Only one call at a time may use it.
type Request struct {
	// Function is a name, a partial ARN or an ARN, without a qualifier.
	Function string
	// Qualifier is a version or an alias. Empty invokes the unqualified function.
	Qualifier string
	// InvocationType is Event or DryRun. Empty is RequestResponse.
	InvocationType string
	// ClientContext is base64. Empty sends none.
	ClientContext string
	// TenantID names the tenant of a function with tenant isolation. Empty sends none.
	TenantID string
	// DurableExecutionName makes starts of a durable function idempotent: if the name is taken,
	// AWS executes nothing. Empty sends none. It must be empty for streams, because their
	// operation lacks it.
	DurableExecutionName string
	// LogTail asks for the end of the function's own log.
	LogTail bool
	// TraceID is the X-Amzn-Trace-Id. Empty sends none.
	TraceID string
	// Payload is what the function receives.
	Payload Payload
	// Stream asks for the reply as an event stream.
	Stream bool

	digest   [sha256.Size]byte // of the payload, after the first attempt
	digested bool

	// Of the current attempt: see SignedWith.
	credentials   sigv4.Credentials
	authorization string
}

// payloadDigest returns the SHA-256 of the payload.
func (r *Request) payloadDigest() *[sha256.Size]byte {
	if !r.digested {
		r.digest, r.digested = r.Payload.digest(), true
	}
	return &r.digest
}

// The paths of the Invoke API. Source: the service model of AWS Lambda.
const (
	invokePath = "/2015-03-31/functions/"
	invokeEnd  = "/invocations"
	streamPath = "/2021-11-15/functions/"
	streamEnd  = "/response-streaming-invocations"
)

// The headers of the Invoke API. aws-sdk-go does not know the last two. Source: the service
// model of AWS Lambda.
const (
	invocationTypeHeader = "X-Amz-Invocation-Type"
	logTypeHeader        = "X-Amz-Log-Type"
	clientContextHeader  = "X-Amz-Client-Context"
	traceHeader          = "X-Amzn-Trace-Id"

	TenantIDHeader             = "X-Amz-Tenant-Id"
	DurableExecutionNameHeader = "X-Amz-Durable-Execution-Name"
)

// identity is the value of Accept-Encoding in every request. Without it net/http asks for gzip,
// and decompresses the answer without limits. Like net/http's own header, it is not signed.
var identity = []string{"identity"}

// setURL sets u to the URL of a call. The base's path ends without a slash.
func (r *Request) setURL(u, base *url.URL) {
	*u = *base
	path, end := invokePath, invokeEnd
	if r.Stream {
		path, end = streamPath, streamEnd
	}
	u.Path = base.Path + path + r.Function + end
	if strings.Contains(r.Function, ":") {
		// This is aws-sdk-go's spelling, unless the base's path needs escapes: then net/url does
		// not accept it as a spelling of the path.
		u.RawPath = base.Path + path + strings.ReplaceAll(r.Function, ":", "%3A") + end
	}
	if r.Qualifier != "" {
		u.RawQuery = "Qualifier=" + url.QueryEscape(r.Qualifier)
	}
}

// body returns a reader of the payload.
func (r *Request) body() (io.ReadCloser, error) { return r.Payload.reader() }

// maxHeaders is how many values header needs.
const maxHeaders = 7

// header returns the headers of a call before it is signed. It appends their values to values,
// which no other request may use.
func (r *Request) header(userAgent, values []string) http.Header {
	h := make(http.Header, 8) // including the signature's
	h["User-Agent"] = userAgent
	set := func(name, value string) {
		if value != "" {
			values = append(values, value)
			h[name] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	set(invocationTypeHeader, r.InvocationType)
	set(clientContextHeader, r.ClientContext)
	set(traceHeader, r.TraceID)
	set(TenantIDHeader, r.TenantID)
	set(DurableExecutionNameHeader, r.DurableExecutionName)
	if r.LogTail {
		set(logTypeHeader, "Tail")
	}
	if n := r.Payload.Size(); n > 0 {
		set("Content-Length", strconv.Itoa(n)) // signed
	}
	return h
}
