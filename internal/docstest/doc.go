// Package docstest runs the documentation: every fenced block of JSON and Go in the Markdown
// files of the repository's root and of docs. Pages need no directives: the following
// conventions give each block its meaning. The package reads no prose except the last words
// before a block, and ignores blocks in other languages.
//
// Read section.go first: [Section], and what its blocks mean. Then:
//
//   - pages.go, markdown.go, labels.go, values.go: pages to sections and blocks
//   - service.go, endpoint.go, gateway.go, krakend2.go: the gateway of a section
//   - spelling.go, namespaces.go, keys.go: spellings of krakend.json, and the keys that
//     KrakenD knows
//   - run.go, probe.go: run a section ([Section.Run])
//   - console.go, curl.go, expectations.go, compare.go: requests and their results
//   - functions.go, arn.go, sts.go: the stand-ins for Lambda and STS
//   - policy.go: IAM policies, and what a gateway needs
//   - gocode.go, links.go: Go code and links
//
// A section is the text from one heading (with #) to the next. If it has a configuration, it gets
// a gateway with all of that configuration, and lambdatest as the Invoke API. Pages use the
// spelling of KrakenD 2. A section that configures one of KrakenD-CE's components runs with these
// components on KrakenD 1.4, in the spelling of KrakenD 1.4.
//
// # Blocks of json, by their shape
//
//   - an object with "endpoint" and "backend", or a list of them: endpoints
//   - an object with "version": 3 and "endpoints": a krakend.json
//   - an object with "extra_config", or its members without braces: a backend of the endpoint
//     GET /, and of /2 and /3 for further ones. Without Lambda's namespace, it is added to the
//     previous endpoint, or to krakend.json if its namespaces belong there
//   - Lambda's namespace as a member without braces: a backend with it
//   - other members without braces: keys of krakend.json
//   - an object with "Version" and "Statement": an IAM policy. It must allow the calls of its
//     section's gateway, and nothing else. If the section has no configuration, it is about the
//     gateway of the enclosing section
//
// # Other blocks of json, by the last words of the line before
//
//   - "returns:": the reply of functions from here on. Before, they reply with their payload
//   - "fails with:": the errorType and errorMessage of functions from here on
//   - "receives:": the payload of the last request's call
//   - "custom context:": the object custom in the client context of that call
//   - "answers:": the body of the last answer
//
// In the last three, the string "…" matches any value. The times and the requestId of an event
// may have any value.
//
// # Configuration with intended errors
//
// The line before it ends with "wrong:", and the next block has the gateway's log lines.
//
// # Blocks of console
//
// A line that begins with "$ curl" is a request to http://localhost:8080, which stands for the
// section's gateway. The flags are -i, -s, -N, -X, -H, -d and --data-binary. The answer follows
// as text: its body, and with -i before it the status line, headers that it must have, and an
// empty line.
//
// # Blocks of text
//
// After a line that ends with "logs:", each line must be in the gateway's log so far. In these
// lines, and in the headers of answers, "…" matches any text.
//
// # Blocks of go
//
// All paragraphs must be, apart from indentation, in one file that tests run: an
// example_test.go, or the main.go of a gateway that is built and run.
//
// # Endpoints without a call
//
// At the end, the test calls each endpoint that no block has called. It must invoke its
// functions: so no configuration is only parsed. The section must show all complaints of the
// gateway at its start.
package docstest
