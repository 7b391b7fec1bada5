package docstest

import (
	"os"
	"strings"
	"testing"
)

func sectionsOf(t *testing.T, page, text string) []*Section {
	t.Helper()
	sections, err := Parse(page, text)
	if err != nil {
		t.Fatal(err)
	}
	return sections
}

// A page with everything that it may have, and without mistakes.
func TestRun(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("testdata/good.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, s := range sectionsOf(t, "good.md", string(page)) {
		if s.Stack() == Nothing {
			continue
		}
		ran++
		t.Run(s.Heading, func(t *testing.T) {
			t.Parallel()
			for _, err := range s.Run(OnKrakenD2(t, krakend2)) {
				t.Error(err)
			}
		})
	}
	if ran != 13 {
		t.Errorf("got %d sections that run, want 13", ran)
	}
}

// The parts of pages with mistakes.
const (
	users = `{"endpoint": "/users/{id}", "backend": [{"extra_config": {"backend/lambda": {"function_name": "users"}}}]}`
	get   = "$ curl http://localhost:8080/users/7\n{\"id\":\"7\"}"
	roled = `"backend/lambda": {"function_name": "f", "assume_role": {"role_arn": "arn:aws:iam::123456789012:role/r", "external_id": "tea"}}`
)

func console(text string) string { return "```console\n" + text + "\n```" }

// labelled returns a block after a line of text.
func labelled(label, block string) string { return label + "\n" + block }

func allow(action, resource string) string {
	return block(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "` + action + `", "Resource": "` + resource + `"}]}`)
}

func trusts(condition string) string {
	return block(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}` + condition + `}]}`)
}

// Each page has one mistake, and the error has its line and describes it.
func TestRunFindsMistakes(t *testing.T) {
	t.Parallel()
	const f = "arn:aws:lambda:us-west-2:123456789012:function:users"
	for name, tc := range map[string]struct {
		page []string // lines and blocks
		want []string // the beginning of the error, and what else is in it
	}{
		"another payload": {
			[]string{block(users), console(get), labelled("It receives:", block("{\n\"id\": \"8\"}"))},
			[]string{"p.md:9: ", `the payload.id: got "7", want "8"`},
		},
		"a payload without a request": {
			[]string{block(users), labelled("It receives:", block("{}"))},
			[]string{"p.md:5: the last request did not call a function"},
		},
		"a payload that is not JSON": {
			[]string{
				block(`{"endpoint": "/a", "method": "POST", "backend": [{"extra_config": {"backend/lambda": {"function_name": "a"}}}]}`),
				console("$ curl -i -d 'a=b' http://localhost:8080/a\nHTTP/1.1 400 Bad Request"), labelled("It receives:", block(`{"a": "b"}`)),
			},
			[]string{"p.md:9: ", `the payload is not JSON: "a=b"`},
		},
		"another context": {
			[]string{
				block(`{"endpoint": "/{a}", "backend": [{"extra_config": {"backend/lambda": {"function_name": "a", "client_context": true}}}]}`),
				console("$ curl http://localhost:8080/b\n{\"a\":\"b\"}"), labelled("Its custom context:", block(`{"a": "c"}`)),
			},
			[]string{"p.md:9: ", `the custom context.a: got "b", want "c"`},
		},
		"no context": {
			[]string{block(users), console(get), labelled("It has the custom context:", block(`{}`))},
			[]string{"p.md:9: ", `the custom context: got null, want {}`},
		},
		"another answer": {
			[]string{block(users), console(get), labelled("The client answers:", block(`{"id": 7}`))},
			[]string{"p.md:9: ", `the answer.id: got "7", want 7`},
		},
		"an answer before the first one": {
			[]string{block(users), labelled("The client answers:", block(`{}`))},
			[]string{"p.md:5: no request comes before it"},
		},
		"another body": {
			[]string{block(users), console("$ curl http://localhost:8080/users/7\n{\"id\":\"8\"}")},
			[]string{"p.md:5: GET /users/7: got the body\n{\"id\":\"7\"}\nwant\n{\"id\":\"8\"}"},
		},
		"a body where none is shown": {
			[]string{block(users), console("$ curl -i http://localhost:8080/users/7\nHTTP/1.1 200 OK")},
			[]string{"p.md:5: GET /users/7: got the body\n{\"id\":\"7\"}\nwant\n"},
		},
		"no body where one is shown": {
			[]string{block(users), labelled("It fails with:", block(`{"errorType": "A", "errorMessage": ""}`)), console(get)},
			[]string{"p.md:9: GET /users/7: got the body\n\nwant\n{\"id\":\"7\"}"},
		},
		"a reply that is not the last one": {
			[]string{block(users), labelled("It returns:", block(`{"a": 1}`)), labelled("It returns:", block(`{"a": 2}`)), console("$ curl http://localhost:8080/users/7\n{\"a\":1}")},
			[]string{"p.md:13: GET /users/7: got the body\n{\"a\":2}\nwant\n{\"a\":1}"},
		},
		"another status": {
			[]string{block(users), console("$ curl http://localhost:8080/users/8\n{\"id\":\"8\"}\n$ curl -i http://localhost:8080/users/7\nHTTP/1.1 201 Created\n\n{\"id\":\"7\"}")},
			[]string{"p.md:7: GET /users/7: " + `got "HTTP/1.1 200 OK", want "HTTP/1.1 201 Created"`},
		},
		"another header": {
			[]string{block(users), console("$ curl -i http://localhost:8080/users/7\nHTTP/1.1 200 OK\nX-Krakend-Completed: false\n\n{\"id\":\"7\"}")},
			[]string{"p.md:5: GET /users/7: " + `X-Krakend-Completed: got ["true"], want "false"`},
		},
		"a missing header": {
			[]string{block(users), console("$ curl -i http://localhost:8080/users/7\nHTTP/1.1 200 OK\nX-Tea: …\n\n{\"id\":\"7\"}")},
			[]string{"p.md:5: GET /users/7: " + `X-Tea: got [], want "…"`},
		},
		"another log": {
			[]string{block(users), console(get), labelled("The gateway logs:", "```text\nComponent enabled: function users\nComponent … function teas\n```")},
			[]string{`p.md:11: the gateway has not logged "Component … function teas"`},
		},
		"a log without a request": {
			[]string{labelled("The gateway logs:", "```text\nComponent enabled\n```")},
			[]string{"p.md:2: the section configures no endpoint"},
		},

		"a log that matches anything": {
			[]string{block(users), labelled("The gateway logs:", "```text\nComponent enabled\n… …\n```")},
			[]string{`p.md:7: "… …" matches every line`},
		},
		"an empty log": {
			[]string{block(users), labelled("The gateway logs:", "```text\n```")},
			[]string{"p.md:5: the block has no line to look for in the log"},
		},

		"a bad configuration": {
			[]string{block(`"backend/lambda": {"function_name": "f", "max_retries": "many"}`), console("$ curl -i http://localhost:8080/\nHTTP/1.1 500 Internal Server Error")},
			[]string{"p.md:1: the gateway logs a line that the page does not show: ERROR: ", "max_retries: must be an integer"},
		},
		"an unknown key of Lambda": {
			[]string{block(`"backend/lambda": {"function_name": "f", "max_retry": 1}`)},
			[]string{"p.md:1: the gateway logs a line that the page does not show: WARNING: ", "unknown key 'max_retry'"},
		},
		"a function that is not called": {
			[]string{block(`{"endpoint": "/a", "method": "POST", "backend": [{"extra_config": {"backend/lambda": {"function_param_name": "Name"}}}]}`), labelled("The gateway logs:", "```text\nanother component, such as a Lua script, must set it\n```")},
			[]string{"p.md:1: POST /a does not invoke the function of {", "; it answers 404 Not Found"},
		},
		"one of two functions that is not called": {
			[]string{block(users), block(`{"endpoint": "/a/{name}", "backend": [
				{"extra_config": {"backend/lambda": {"function_param_name": "Name", "allowed_functions": ["*"], "payload_format": "1.0"}}},
				{"extra_config": {"backend/lambda": {"function_name": "c"}}}],
				"extra_config": {"proxy": {"sequential": true}}}`)},
			[]string{"p.md:4: GET /a/{name} does not invoke the function of {", `"function_name":"c"`},
		},
		"a function that no pattern allows": {
			[]string{block(`{"endpoint": "/a/{name}", "backend": [
				{"extra_config": {"backend/lambda": {"function_name": "b"}}},
				{"extra_config": {"backend/lambda": {"function_param_name": "Name", "allowed_functions": ["c*"]}}}]}`), labelled("The gateway logs:", "```text\nno function can match 'c*'\n```")},
			[]string{"p.md:1: GET /a/{name} does not invoke the function of {", `"function_param_name":"Name"`},
		},
		"a good configuration, marked as wrong": {
			[]string{labelled("This is wrong:", block(`"backend/lambda": {"function_name": "f"}`)), labelled("The gateway logs:", "```text\nComponent enabled\n```")},
			[]string{"p.md:1: 1 blocks should be wrong, and the gateway complains of 0"},
		},
		"wrong, and no log": {
			[]string{labelled("This is wrong:", block(`"backend/lambda": {"function_name": ""}`)), console("$ curl http://localhost:8080/\n")},
			[]string{"p.md:2: the block after a wrong configuration must show what the gateway logs"},
		},
		"wrong in another way": {
			[]string{labelled("This is wrong:", block(`"backend/lambda": {"function_name": ""}`)), labelled("The gateway logs:", "```text\nListening on port\n```")},
			[]string{"p.md:1: the gateway logs a line that the page does not show: ERROR: ", "function_name: must not be empty"},
		},
		"the spelling of KrakenD 1": {
			[]string{block(`{"endpoint": "/a", "headers_to_pass": ["A"], "backend": [{"extra_config": {"backend/lambda": {"function_name": "f"}}}]}`)},
			[]string{`p.md:1: "headers_to_pass" is not a key of an endpoint in KrakenD 2`},
		},
		"a krakend.json of KrakenD 1": {
			[]string{block(`{"version": 2, "endpoints": []}`)},
			[]string{"p.md:1: the version of a krakend.json is 3"},
		},
		"an unknown key of a backend": {
			[]string{block(`"encodings": "no-op", "extra_config": {"backend/lambda": {"function_name": "f"}}`)},
			[]string{`p.md:1: "encodings" is not a key of a backend in KrakenD 2`},
		},
		"an unknown key of krakend.json": {
			[]string{block(`"max_idle_connection": 1`)},
			[]string{`p.md:1: "max_idle_connection" is not a key of krakend.json in KrakenD 2`},
		},
		"an unknown namespace": {
			[]string{block(`"extra_config": {"backend/lambda": {"function_name": "f"}, "backend/lambdas": {}}`)},
			[]string{`p.md:1: no gateway of the tests has the namespace "backend/lambdas"`},
		},
		"a namespace in the wrong place": {
			[]string{block(`"extra_config": {"backend/lambda": {"function_name": "f"}, "router": {}}`)},
			[]string{`p.md:1: the namespace "router" does not belong to a backend`},
		},
		"a backend that is not a Lambda backend": {
			[]string{block(`{"endpoint": "/a", "backend": [{"host": ["http://example.com"], "url_pattern": "/"}]}`)},
			[]string{"p.md:1: GET /a has a backend that is not a Lambda backend"},
		},
		"an endpoint twice": {
			[]string{block(users), block(users)},
			[]string{"p.md:4: the section has GET /users/{id} already, in line 1"},
		},
		"a setting twice": {
			[]string{block(`"read_timeout": "1s"`), block(`"read_timeout": "2s"`)},
			[]string{`p.md:4: the section has another "read_timeout" already`},
		},

		"JSON of no known kind": {
			[]string{block(users), "text", block(`{"id": 7}`)},
			[]string{"p.md:5: a json block that is not an endpoint"},
		},
		"invalid JSON": {
			[]string{block("{\n  \"a\": 1,\n}")},
			[]string{"p.md:4: this is not JSON: "},
		},
		"JSON with text after it": {
			[]string{block("{}\n{}")},
			[]string{"p.md:1: this is not JSON: there is more text after the value"},
		},
		"JSON in disguise": {
			[]string{block(users), "```js\n{\"id\": 7}\n```"},
			[]string{"p.md:4: a block of JSON or Go that is not called json or go"},
		},
		"JSON with comments": {
			[]string{"```jsonc\n{} // a\n```"},
			[]string{"p.md:1: a block of JSON or Go that is not called json or go"},
		},
		"an invalid error": {
			[]string{block(users), labelled("It fails with:", block(`{"errorMessage": "out of tea"}`))},
			[]string{"p.md:5: what a function fails with is"},
		},

		"a request without a gateway": {
			[]string{console(get)},
			[]string{"p.md:2: GET /users/7: the section configures no endpoint"},
		},
		"a request for another path": {
			[]string{block(users), console("$ curl http://localhost:8080/user/7\n{\"id\":\"7\"}")},
			[]string{"p.md:5: GET /user/7: the section has no endpoint for it"},
		},
		"another command": {
			[]string{block(users), console("$ krakend -c krakend.json\nok")},
			[]string{`p.md:5: "krakend" is not curl`},
		},
		"an answer without a request": {
			[]string{block(users), console("{\"id\":\"7\"}")},
			[]string{"p.md:5: a line of a console block that is neither a command nor a part of an answer"},
		},
		"headers without a status": {
			[]string{block(users), console("$ curl -i http://localhost:8080/users/7\n{\"id\":\"7\"}")},
			[]string{"p.md:5: the answer of curl -i begins with its status line"},
		},
		"a body without an empty line": {
			[]string{block(users), console("$ curl -i http://localhost:8080/users/7\nHTTP/1.1 200 OK\nok")},
			[]string{`p.md:5: "ok" is not a header`},
		},

		"a policy without a gateway": {
			[]string{allow("lambda:InvokeFunction", f)},
			[]string{"p.md:1: a policy in a section without a gateway to compare it with"},
		},
		"an invalid policy": {
			[]string{block(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Actions": "lambda:InvokeFunction", "Resource": "x"}]}`)},
			[]string{`p.md:1: this is not a policy: json: unknown field "Actions"`},
		},
		"a policy without an action": {
			[]string{block(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "x"}]}`)},
			[]string{"p.md:1: a statement has an Effect, an Action, and a Resource or a Principal"},
		},
		"a policy of another version": {
			[]string{block(`{"Version": "2012-10-18", "Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "x"}]}`)},
			[]string{"p.md:1: a policy has the Version 2012-10-17 and a Statement"},
		},
		"a policy for another function": {
			[]string{block(users), allow("lambda:InvokeFunction", f+"s")},
			[]string{"p.md:4: the policy allows lambda:InvokeFunction on " + f + "s, which the gateway does not need"},
		},
		"a policy without the function": {
			[]string{
				block(users), block(`"backend/lambda": {"function_name": "teas"}`),
				allow("lambda:InvokeFunction", "arn:aws:lambda:us-west-2:123456789012:function:teas"),
			},
			[]string{"p.md:7: the policy does not allow lambda:InvokeFunction on " + f},
		},
		"a policy for versions": {
			[]string{block(users), allow("lambda:InvokeFunction", f+":*")},
			[]string{"p.md:4: the policy allows lambda:InvokeFunction on " + f + ":*, "},
		},
		"a policy for the function without its version": {
			[]string{block(`"backend/lambda": {"function_name": "users", "qualifier": "7"}`), allow("lambda:InvokeFunction", f)},
			[]string{"p.md:4: the policy allows lambda:InvokeFunction on " + f + ", "},
		},
		"a policy for another account": {
			[]string{block(`"backend/lambda": {"function_name": "210987654321:function:users"}`), allow("lambda:InvokeFunction", f)},
			[]string{"p.md:4: the policy allows lambda:InvokeFunction on " + f + ", "},
		},
		"a policy for another region": {
			[]string{block(`"backend/lambda": {"function_name": "users", "region": "eu-west-1"}`), allow("lambda:InvokeFunction", f)},
			[]string{"p.md:4: the policy allows lambda:InvokeFunction on " + f + ", "},
		},
		"a policy for another action": {
			[]string{block(users), allow("s3:GetObject", f)},
			[]string{"p.md:4: the policy allows s3:GetObject on " + f + ", "},
		},
		"a policy for all functions": {
			[]string{block(users), allow("lambda:InvokeFunction", "arn:aws:lambda:us-west-2:123456789012:function:*")},
			[]string{"p.md:4: the policy allows lambda:InvokeFunction on arn:aws:lambda:us-west-2:123456789012:function:*, "},
		},
		"a policy for all actions": {
			[]string{block(users), allow("lambda:*", f)},
			[]string{"p.md:4: the policy allows everything"},
		},
		"a policy for another role, further down": {
			[]string{"# A", block(roled), "## B", "", "### C", allow("sts:AssumeRole", "arn:aws:iam::123456789012:role/s")},
			[]string{"p.md:8: the policy allows sts:AssumeRole on arn:aws:iam::123456789012:role/s, "},
		},
		"a role for everyone who knows it": {
			[]string{block(roled), trusts("")},
			[]string{`p.md:4: the policy lets [sts:AssumeRole] assume with the external id [], the gateway sends "tea"`},
		},
		"a role for another external id": {
			[]string{block(roled), trusts(`, "Condition": {"StringEquals": {"sts:ExternalId": "coffee"}}`)},
			[]string{`p.md:4: the policy lets [sts:AssumeRole] assume with the external id [coffee], `},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var errs []error
			for _, s := range sectionsOf(t, "p.md", strings.Join(tc.page, "\n")) {
				errs = append(errs, s.Run(OnKrakenD2(t, krakend2))...)
			}
			if len(errs) == 0 {
				t.Fatal("got no error")
			}
			got := errs[0].Error()
			if !strings.HasPrefix(got, tc.want[0]) {
				t.Errorf("got %s\nwant %s", got, tc.want[0])
			}
			for _, want := range tc.want[1:] {
				if !strings.Contains(got, want) {
					t.Errorf("got %s\nwant %s in it", got, want)
				}
			}
			for _, err := range errs[1:] {
				t.Errorf("got another error: %v", err)
			}
		})
	}
}
