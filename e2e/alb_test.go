package e2e

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

const (
	targetGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/teas/0123456789abcdef"
	png         = "\x89PNG\r\n\x1a\n\x00"
)

// steep is a function behind a load balancer that says different things in the headers of one
// value and in those of several.
func steep(events.ALBTargetGroupRequest) (events.ALBTargetGroupResponse, error) {
	return events.ALBTargetGroupResponse{
		StatusCode: http.StatusTeapot, StatusDescription: "418 I'm a teapot",
		Headers:           map[string]string{"content-type": "image/png", "Set-Cookie": "one=1", "x-tea": "oolong"},
		MultiValueHeaders: map[string][]string{"content-type": {"image/gif"}, "set-cookie": {"a=1; Path=/", "b=2"}, "X-Tea": {"oolong", "sencha"}},
		Body:              base64.StdEncoding.EncodeToString([]byte(png)), IsBase64Encoded: true,
	}, nil
}

// behindALB are the settings of a backend whose function is a load balancer's target.
func behindALB(api *lambdaAPI, function string, multi bool) object {
	return with(inFormat(api, function, "alb"), object{"event": object{"target_group_arn": targetGroup, "multi_value_headers": multi}})
}

func TestALB(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"steep": steep})
		open := with(all, object{"method": "POST"})
		gw := start(t, g, []object{
			with(noOpEndpoint("/single", behindALB(api, "steep", false)), open),
			with(noOpEndpoint("/multi", behindALB(api, "steep", true)), open),
		}, options{})
		header := http.Header{
			"Content-Type": {"image/png"}, "Cookie": {"a=1; b=2"}, "X-Tea": {"assam", "sencha"}, "User-Agent": {"a browser"},
		}

		for path, headers := range map[string]map[string][]string{
			"/single": {"Content-Type": {"image/png"}, "Set-Cookie": {"one=1"}, "X-Tea": {"oolong"}},
			"/multi":  {"Content-Type": {"image/gif"}, "Set-Cookie": {"a=1; Path=/", "b=2"}, "X-Tea": {"oolong", "sencha"}},
		} {
			api.Reset()
			got := gw.do(t, http.MethodPost, path+"?a=x%20y&a=%26%C3%A9&b&c=1", header, bytes.NewReader([]byte(png)))
			check(t, got, http.StatusTeapot, png)
			for name, want := range headers {
				if got := got.header[name]; !slices.Equal(got, want) {
					t.Errorf("%s: got %s: %q, want %q", path, name, got, want)
				}
			}

			var event events.ALBTargetGroupRequest
			strictly(t, onlyCall(t, api, "steep").Payload, &event)
			if event.HTTPMethod != "POST" || event.Path != path || event.RequestContext.ELB.TargetGroupArn != targetGroup {
				t.Errorf("%s: got %+v", path, event)
			}
			if body, err := base64.StdEncoding.DecodeString(event.Body); err != nil || string(body) != png || !event.IsBase64Encoded {
				t.Errorf("%s: got the body %q, base64 %t", path, event.Body, event.IsBase64Encoded)
			}
		}

		// A query string stays escaped, although not as the client has spelled it: KrakenD hands
		// it on parsed.
		var single, multi events.ALBTargetGroupRequest
		api.Reset()
		gw.do(t, http.MethodPost, "/single?a=x%20y&a=%26%C3%A9&b&c%5B%5D=1", header, nil)
		strictly(t, onlyCall(t, api, "steep").Payload, &single)
		api.Reset()
		gw.do(t, http.MethodPost, "/multi?a=x%20y&a=%26%C3%A9&b&c%5B%5D=1", header, nil)
		strictly(t, onlyCall(t, api, "steep").Payload, &multi)
		if want := map[string]string{"a": "%26%C3%A9", "b": "", "c%5B%5D": "1"}; !maps.Equal(single.QueryStringParameters, want) || single.MultiValueQueryStringParameters != nil {
			t.Errorf("got the query strings %q and %q, want %q", single.QueryStringParameters, single.MultiValueQueryStringParameters, want)
		}
		if want := map[string][]string{"a": {"x%20y", "%26%C3%A9"}, "b": {""}, "c%5B%5D": {"1"}}; !reflect.DeepEqual(multi.MultiValueQueryStringParameters, want) || multi.QueryStringParameters != nil {
			t.Errorf("got the query strings %q and %q, want %q", multi.MultiValueQueryStringParameters, multi.QueryStringParameters, want)
		}
		if single.Headers["x-tea"] != "sencha" || single.Headers["cookie"] != "a=1; b=2" || single.Headers["user-agent"] != "a browser" || single.MultiValueHeaders != nil {
			t.Errorf("got the headers %q and %q", single.Headers, single.MultiValueHeaders)
		}
		if !slices.Equal(multi.MultiValueHeaders["x-tea"], []string{"assam", "sencha"}) || !slices.Equal(multi.MultiValueHeaders["cookie"], []string{"a=1; b=2"}) || multi.Headers != nil {
			t.Errorf("got the headers %q and %q", multi.Headers, multi.MultiValueHeaders)
		}
	})
}

func TestALBBodies(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, map[string]any{"f": replies(`{"statusCode":200}`)})
		gw := start(t, g, []object{with(noOpEndpoint("/f", behindALB(api, "f", false)), all, object{"method": "POST"})}, options{})
		for _, tc := range []struct {
			header     http.Header
			body, want string
			isBase64   bool
		}{
			{http.Header{"Content-Type": {"text/csv; charset=utf-8"}}, "a;b\r\n", "a;b\r\n", false},
			{http.Header{"Content-Type": {"application/json"}}, `{"a":"é"}`, `{"a":"é"}`, false},
			{http.Header{"Content-Type": {"application/problem+json"}}, `{}`, `e30=`, true},
			{http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, `a=1`, `YT0x`, true},
			{http.Header{"Content-Type": {"text/plain"}, "Content-Encoding": {"br"}}, `a=1`, `YT0x`, true},
			{http.Header{"Content-Type": {"text/plain"}}, "\xff", `/w==`, true},
			{nil, `a=1`, `YT0x`, true},
			{http.Header{"Content-Type": {"image/png"}}, ``, ``, false},
		} {
			api.Reset()
			check(t, gw.do(t, http.MethodPost, "/f", tc.header, bytes.NewReader([]byte(tc.body))), http.StatusOK, "")
			var event events.ALBTargetGroupRequest
			strictly(t, onlyCall(t, api, "f").Payload, &event)
			if event.Body != tc.want || event.IsBase64Encoded != tc.isBase64 {
				t.Errorf("%v, %q: got %q, base64 %t", tc.header, tc.body, event.Body, event.IsBase64Encoded)
			}
		}
	})
}

// A load balancer's own rules for replies.
func TestALBReplies(t *testing.T) {
	eachGateway(t, func(t *testing.T, g gateway) {
		api := newLambda(t, nil)
		cases := []struct {
			reply       string
			multi       bool
			status      int
			body        string
			contentType string
		}{
			{`{"statusCode":200,"body":"tea"}`, false, http.StatusOK, "tea", "application/octet-stream"},
			{`{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"tea"}`, false, http.StatusOK, "tea", "text/plain"},
			{`{"statusCode":200,"headers":{"content-type":"text/plain"},"body":"tea"}`, true, http.StatusOK, "tea", "application/octet-stream"},
			{`{"statusCode":"404","statusDescription":"404 Not Found","isBase64Encoded":false}`, false, http.StatusNotFound, "", ""},
			{`{"statusCode":200,"body":"!","isBase64Encoded":true}`, false, http.StatusBadGateway, "", ""},
			{`{"body":"tea"}`, false, http.StatusBadGateway, "", ""},
			{`{"a":1}`, true, http.StatusBadGateway, "", ""},
		}
		var endpoints []object
		for i, tc := range cases {
			function := fmt.Sprint("f", i)
			api.Handle(function, replies(tc.reply))
			endpoints = append(endpoints, noOpEndpoint("/"+function, behindALB(api, function, tc.multi)))
		}
		gw := start(t, g, endpoints, options{})
		for i, tc := range cases {
			got := gw.get(t, fmt.Sprint("/f", i))
			if got.status != tc.status || got.body != tc.body || got.header.Get("Content-Type") != tc.contentType {
				t.Errorf("%s: got %d %q %v, want %d %q %s", tc.reply, got.status, got.body, got.header, tc.status, tc.body, tc.contentType)
			}
		}
	})
}
