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
//   - run.go, probe.go: a section is run ([Section.Run])
//   - console.go, curl.go, expectations.go, compare.go: requests, and what they bring
//   - functions.go, arn.go, sts.go: what stands in for Lambda and STS
//   - policy.go: IAM policies, and what a gateway needs
//   - gocode.go, links.go: Go code and links
//
// A section is what is between one heading (with #) and the next. Where it configures
// something it has a gateway, with a krakend.json of all that it configures, and lambdatest
// for the Invoke API. Pages are spelled as for KrakenD 2. A section that configures one of
// KrakenD-CE's components runs among these, on KrakenD 1.4, in the spelling of that.
//
// # Blocks of json, by their shape
//
//   - an object with "endpoint" and "backend", or a list of them: endpoints
//   - an object with "version": 3 and "endpoints": a krakend.json
//   - an object with "extra_config", or its members without the braces around them: a
//     backend of the endpoint GET /, of /2 and /3 for further ones. Without Lambda's
//     namespace, it is added to the endpoint before it, or to krakend.json where its
//     namespaces are of these
//   - Lambda's namespace as a member without braces: a backend that has it
//   - other members without braces: keys of krakend.json
//   - an object with "Version" and "Statement": an IAM policy. It has to allow what the
//     gateway of its section calls, and nothing else. Where the section configures nothing,
//     that is the gateway of the section that it is a part of
//
// # Other blocks of json, by the last words of the line before
//
//   - "returns:": what functions reply with, from here on. Before, they reply with their
//     payload
//   - "fails with:": the errorType and errorMessage that functions fail with, from here on
//   - "receives:": the payload of the last request's call
//   - "custom context:": the object custom in the client context of that call
//   - "answers:": the body of the last answer
//
// In the last three the string "…" is any value, and so are the times and the requestId of
// an event.
//
// # Configuration with intended errors
//
// The line before it ends with "wrong:", and the next block has what the gateway logs.
//
// # Blocks of console
//
// A line that begins with "$ curl" is a request to http://localhost:8080, which stands for
// the section's gateway. The flags are -i, -s, -N, -X, -H, -d and --data-binary. What
// follows is the answer, as text: its body, and with -i first the status line, headers that
// have to be there, and an empty line.
//
// # Blocks of text
//
// After a line that ends with "logs:", each line is in one of the gateway's log by then.
// In these lines, and in the headers of answers, "…" is any text.
//
// # Blocks of go
//
// Each paragraph is, apart from indentation, in one and the same file that tests run: an
// example_test.go, or the main.go of a gateway that is built and run.
//
// # Endpoints without a call
//
// At the end, each endpoint that no block has called is called, and must invoke its functions,
// so that no configuration is only parsed. The section must show all complaints of the gateway
// at its start.
package docstest
