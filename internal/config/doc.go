// Package config reads what a backend's extra_config says of its function: keys, defaults,
// checks, function names and ARNs, the functions that a request may name, and templates.
// It knows no HTTP, no AWS SDK and no KrakenD, logs nothing and calls nothing.
//
// Read config.go first: [Config] and [Parse]. Then:
//
//   - values.go: the types of values in krakend.json, and unknown keys
//   - event.go, role.go: the objects event and assume_role
//   - function.go, allowed.go: names and ARNs of functions, and allowed_functions
//   - glob.go: patterns with *
//   - endpoint.go: the grammar of the key endpoint
//   - placeholders.go, fold.go: the params of a request, and names that fold together
//   - errorstatus.go: function_error_status
//   - template.go, templates.go: text with placeholders, and what is wrong with it at an endpoint
//   - tenant.go, durable.go: the tenant of a request, and the name of the execution that it starts
//   - string.go: what the log and -check show
//   - components.go, namespaces.go: KrakenD's components, and namespaces without an effect
package config
