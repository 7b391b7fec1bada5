package config

import (
	"cmp"
	"reflect"
	"testing"
)

func TestParseEvent(t *testing.T) {
	const group = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/orders/0123456789abcdef"
	for _, tc := range []struct {
		name, format string
		event        map[string]any
		want         Event
		warnings     []string
	}{
		{name: "nothing", format: "2.0", event: map[string]any{}},
		{
			name: "an API", format: "2.0",
			event: map[string]any{
				"account_id": "123456789012", "api_id": "a1b2c3", "stage": "prod", "stage_variables": map[string]any{"table": "orders"},
				"binary_media_types": []any{"Image/*", "application/pdf", "*/*"}, "forwarded_proto": "https", "forwarded_port": 443.0, "@comment": 1,
			},
			want: Event{
				AccountID: "123456789012", APIID: "a1b2c3", Stage: "prod", StageVariables: map[string]string{"table": "orders"},
				BinaryMediaTypes: []string{"image/*", "application/pdf", "*/*"}, ForwardedProto: "https", ForwardedPort: "443",
			},
		},
		{name: "no binary media types", format: "1.0", event: map[string]any{"binary_media_types": []any{}, "stage": "$default"}, want: Event{BinaryMediaTypes: []string{}, Stage: "$default"}},
		{name: "a load balancer", format: "alb", event: map[string]any{"multi_value_headers": true, "target_group_arn": group}, want: Event{MultiValueHeaders: true, TargetGroupARN: group}},
		{name: "cookies as in a function URL's event", format: "2.0", event: map[string]any{"cookie_header": true}, want: Event{CookieHeader: true}},
		{
			name: "another format's keys", format: "1.0",
			event: map[string]any{"cookie_header": true, "multi_value_headers": false, "target_group_arn": group, "stage": "prod", "stages": 1},
			want:  Event{CookieHeader: true, TargetGroupARN: group, Stage: "prod"},
			warnings: []string{
				`event: unknown key 'stages' is ignored; did you mean 'stage'?`,
				"event: cookie_header has no effect with the payload_format 1.0",
				"event: multi_value_headers has no effect with the payload_format 1.0",
				"event: target_group_arn has no effect with the payload_format 1.0",
			},
		},
		{
			name: "API Gateway's keys for a load balancer", format: "alb", event: map[string]any{"stage": "prod", "account_id": "123456789012"},
			want:     Event{Stage: "prod", AccountID: "123456789012"},
			warnings: []string{"event: account_id has no effect with the payload_format alb", "event: stage has no effect with the payload_format alb"},
		},
		{name: "no event", format: "simple", event: map[string]any{"stage": "prod"}, warnings: []string{"event: has no effect with the payload_format simple"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg, warnings, err := Parse(map[string]any{"function_name": "f", "payload_format": tc.format, "event": tc.event}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*cmp.Or(cfg.Event, new(Event)), tc.want) || !reflect.DeepEqual(warnings, tc.warnings) {
				t.Errorf("got %+v and %q\nwant %+v and %q", cmp.Or(cfg.Event, new(Event)), warnings, tc.want, tc.warnings)
			}
		})
	}
}

func TestParseEventErrors(t *testing.T) {
	for _, tc := range []struct {
		key   string
		value any
		want  string
	}{
		{"account_id", 123456789012.0, "account_id: must be an AWS account id of 12 digits, is the number 1.23456789012e+11"},
		{"account_id", "1", `account_id: must be an AWS account id of 12 digits, is the string '1'`},
		{"api_id", "", `api_id: must be 1 to 128 of A-Z a-z 0-9 _ -, is the string ''`},
		{"binary_media_types", []any{"image/\u212a"}, "binary_media_types: must hold media types such as image/png, image/* or */*, has the string 'image/\u212a'"},
		{"stage", "a/b", `stage: must be $default, or 1 to 128 of A-Z a-z 0-9 _ -, is the string 'a/b'`},
		{"stage_variables", []any{}, "stage_variables: must be an object of strings, is a list"},
		{"stage_variables", map[string]any{"b\n": 1.0, "a": nil, "c": "x"}, "stage_variables: 'a': must be a string, is null\n'b ': must be a string, is the number 1"},
		{"binary_media_types", "image/png", `binary_media_types: must be a list of media types, is the string 'image/png'`},
		{"binary_media_types", []any{"image", "*/png", 7.0, "image/png; a=b"}, "binary_media_types: must hold media types such as image/png, image/* or */*, has the string 'image'\n" +
			"must hold media types such as image/png, image/* or */*, has the string '*/png'\n" +
			"must hold media types such as image/png, image/* or */*, has the number 7\n" +
			"must hold media types such as image/png, image/* or */*, has the string 'image/png; a=b'"},
		{"forwarded_proto", "HTTPS", `forwarded_proto: must be http or https, is the string 'HTTPS'`},
		{"forwarded_port", 0.0, "forwarded_port: must be 1 to 65535, is 0"},
		{"forwarded_port", 65536.0, "forwarded_port: must be 1 to 65535, is 65536"},
		{"forwarded_port", "443", `forwarded_port: must be an integer, is the string '443'`},
		{"multi_value_headers", "true", `multi_value_headers: must be true or false, is the string 'true'`},
		{"target_group_arn", "arn:aws:lambda:us-west-2:123456789012:function:f", `target_group_arn: must be the ARN of a target group, is the string 'arn:aws:lambda:us-west-2:123456789012:function:f'`},
	} {
		_, _, err := Parse(map[string]any{"function_name": "f", "payload_format": "alb", "event": map[string]any{tc.key: tc.value}}, nil)
		if want := "event: " + tc.want; err == nil || err.Error() != want {
			t.Errorf("%s %v:\ngot  %v\nwant %s", tc.key, tc.value, err, want)
		}
	}
	_, _, err := Parse(map[string]any{"function_name": "f", "event": "2.0"}, nil)
	if want := `event: must be an object, is the string '2.0'`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestForwardedPortLimits(t *testing.T) {
	for port, want := range map[float64]string{1: "1", 65535: "65535"} {
		cfg, _, err := Parse(map[string]any{"function_name": "f", "payload_format": "2.0", "event": map[string]any{"forwarded_port": port}}, nil)
		if err != nil || cfg.Event.ForwardedPort != want {
			t.Errorf("got %+v, %v; want the port %s", cfg.Event, err, want)
		}
	}
}
