package docstest

import (
	"strings"
	"testing"
)

func policyOf(t *testing.T, text string) (*policy, error) {
	t.Helper()
	v, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if !isPolicy(v) {
		t.Fatalf("%s is no policy", text)
	}
	return parsePolicy(Block{Page: "p.md", Line: 1}, v)
}

func TestPolicyAllows(t *testing.T) {
	const (
		f        = "arn:aws:lambda:us-west-2:123456789012:function:f"
		identity = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ACTION, "Resource": RESOURCE}]}`
		trust    = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"} CONDITION}}`
	)
	with := func(text string, more ...string) string { return strings.NewReplacer(more...).Replace(text) }
	invoke := request{action: "lambda:InvokeFunction", resource: f}
	assume := request{action: "sts:AssumeRole", keys: map[string]string{"sts:ExternalId": "tea-shop"}}
	for _, tc := range []struct {
		policy  string
		request request
		want    bool
	}{
		{with(identity, "ACTION", `"lambda:InvokeFunction"`, "RESOURCE", `"`+f+`"`), invoke, true},
		{with(identity, "ACTION", `"lambda:invokefunction"`, "RESOURCE", `"`+f+`"`), invoke, true},
		{with(identity, "ACTION", `["lambda:GetFunction", "lambda:Invoke*"]`, "RESOURCE", `["arn:aws:lambda:*:*:function:x", "arn:aws:lambda:*:*:function:f"]`), invoke, true},
		{with(identity, "ACTION", `"lambda:Get*"`, "RESOURCE", `"*"`), invoke, false},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"*"`), invoke, true},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"arn:aws:lambda:us-west-2:123456789012:function:?"`), invoke, true},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"arn:aws:lambda:us-west-2:123456789012:function:??"`), invoke, false},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"`+f+`:*"`), invoke, false},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"`+f+`:*"`), request{action: invoke.action, resource: f + ":live"}, true},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"`+f+`"`), request{action: invoke.action, resource: f + ":live"}, false},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"`+f+`*"`), request{action: invoke.action, resource: f + ":live"}, true},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"`+strings.Replace(f, "us-west-2", "us-east-1", 1)+`"`), invoke, false},
		{with(identity, "ACTION", `"*"`, "RESOURCE", `"`+strings.Replace(f, ":f", ":F", 1)+`"`), invoke, false},
		{`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"},
			{"Effect": "Deny", "Action": "lambda:InvokeFunction", "Resource": "` + f + `"}]}`, invoke, false},
		{`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "lambda:GetFunction", "Resource": "*"}}`, invoke, false},

		{with(trust, "CONDITION", ""), assume, true},
		{with(trust, "CONDITION", ""), invoke, false},
		{with(trust, "CONDITION", `, "Condition": {"StringEquals": {"sts:ExternalId": "tea-shop"}}`), assume, true},
		{with(trust, "CONDITION", `, "Condition": {"StringEquals": {"sts:ExternalId": ["a", "tea-shop"]}}`), assume, true},
		{with(trust, "CONDITION", `, "Condition": {"StringLike": {"sts:ExternalId": "tea-*"}}`), assume, true},
		{with(trust, "CONDITION", `, "Condition": {"StringEquals": {"sts:ExternalId": "tea-*"}}`), assume, false},
		{with(trust, "CONDITION", `, "Condition": {"StringEquals": {"sts:ExternalId": "tea-shop"}}`), request{action: assume.action}, false},
		{with(trust, "CONDITION", `, "Condition": {"StringEquals": {"sts:ExternalId": "tea-shop", "aws:PrincipalTag/team": "tea"}}`), assume, false},
		{with(identity, "ACTION", `"sts:AssumeRole"`, "RESOURCE", `"*"`), assume, false},
	} {
		p, err := policyOf(t, tc.policy)
		if err != nil {
			t.Errorf("%s: %v", tc.policy, err)
			continue
		}
		if got := p.allows(tc.request); got != tc.want {
			t.Errorf("%s\n%s: got %t", tc.policy, tc.request, got)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	const good = `"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"`
	for statement, want := range map[string]string{
		`"Effect": "allow", "Action": "lambda:InvokeFunction", "Resource": "*"`:          `"allow" is no Effect`,
		`"Action": "lambda:InvokeFunction", "Resource": "*"`:                             "has an Effect",
		`"Effect": "Allow", "Resource": "*"`:                                             "an Action",
		`"Effect": "Allow", "Action": "lambda:InvokeFunction"`:                           "has a Resource",
		`"Effect": "Allow", "Action": "InvokeFunction", "Resource": "*"`:                 `Action: "InvokeFunction" is none`,
		`"Effect": "Allow", "Action": "Lambda:InvokeFunction", "Resource": "*"`:          `Action: "Lambda:InvokeFunction" is none`,
		`"Effect": "Allow", "Action": [], "Resource": "*"`:                               "Action is empty",
		`"Effect": "Allow", "Action": [1], "Resource": "*"`:                              "Action: 1 is none",
		`"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "function:f"`: `Resource: "function:f" is none`,
		good + `, "Sid": "not a sid"`:                                                    "is no Sid",
		good + `, "Resources": "*"`:                                                      `no member "Resources"`,
		good + `, "Condition": {}`:                                                       "is no Condition",
		good + `, "Condition": {"IpAddress": {}}`:                                        `no condition "IpAddress"`,
		good + `, "Condition": {"StringEquals": {}}`:                                     "is no Condition",
		good + `, "Principal": {"AWS": "somebody"}`:                                      `AWS: "somebody" is none`,
		good + `, "Principal": {"Service": "lambda"}`:                                    `Service: "lambda" is none`,
		good + `, "Principal": {"Federated": "x"}`:                                       `Federated: "x" is none`,
		good + `, "Principal": {"CanonicalUser": "x"}`:                                   `no principal "CanonicalUser"`,
		good + `, "Principal": {}`:                                                       "is no Principal",
		good + `, "Principal": "*"`:                                                      "trusts everyone",
		good + `, "Principal": {"AWS": "*"}`:                                             "trusts everyone",
	} {
		p, err := policyOf(t, `{"Version": "2012-10-17", "Statement": [{`+statement+`}]}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v, want an error with %q", statement, p, err, want)
		}
	}
	for policy, want := range map[string]string{
		`{"Version": "2012-10-17", "Statement": [{` + good + `}], "Name": "x"}`: `"Name" is no member`,
		`{"Version": "2012-10-18", "Statement": [{` + good + `}]}`:              "Version",
		`{"Version": "2012-10-17", "Statement": []}`:                            "no statement",
		`{"Version": "2012-10-17", "Statement": ["x"]}`:                         "no statement",
	} {
		if p, err := policyOf(t, policy); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %+v, %v, want an error with %q", policy, p, err, want)
		}
	}
}
