package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// count is how often the process was asked to count. The emulator makes one call at a time.
var count int

func main() { lambda.Start(handle) }

func handle(ctx context.Context, payload json.RawMessage) (any, error) {
	var request struct {
		Do   string `json:"do"`
		Size int    `json:"size"` // in bytes
		Body string `json:"body"` // of an event
	}
	_ = json.Unmarshal(payload, &request) // a payload may be any JSON
	_ = json.Unmarshal([]byte(request.Body), &request)
	switch request.Do {
	case "fail":
		return nil, errors.New("no pear left")
	case "panic":
		panic("no pear left")
	case "exit":
		os.Exit(3)
	case "hang":
		time.Sleep(time.Hour)
	case "count":
		count++
		return map[string]int{"count": count}, nil
	case "null":
		return nil, nil
	case "number":
		return 7, nil
	case "large":
		return map[string]string{"large": strings.Repeat("x", request.Size)}, nil
	case "http":
		return events.APIGatewayV2HTTPResponse{
			StatusCode: http.StatusAccepted, Headers: map[string]string{"X-Tea": "oolong", "Content-Type": "text/plain"},
			Cookies: []string{"a=1"}, Body: "brewed",
		}, nil
	}
	reply := map[string]any{"event": payload}
	c, ok := lambdacontext.FromContext(ctx)
	if ok && len(c.ClientContext.Custom) > 0 {
		reply["custom"] = c.ClientContext.Custom
	}
	if ok && c.TenantID != "" {
		reply["tenant"] = c.TenantID
	}
	return reply, nil
}
