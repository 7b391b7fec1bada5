// Package config reads the settings of a function in a backend's extra_config: keys, defaults,
// checks, function names and ARNs, the functions that a request may name, and templates. It uses
// no HTTP, no AWS SDK and no KrakenD, logs nothing and makes no calls.
//
// Read config.go first: [Config] and [Parse]. Then:
//
//   - values.go: the types of values in krakend.json, and unknown keys
//   - event.go, role.go: the objects event and assume_role
//   - function.go, allowed.go: names and ARNs of functions, and allowed_functions
//   - region.go: the grammars of regions
//   - glob.go: patterns with *
//   - endpoint.go: the grammar of the key endpoint
//   - placeholders.go, fold.go: the params of a request, and names that decoders may confuse
//   - errorstatus.go: function_error_status
//   - template.go, templates.go: text with placeholders, and the check of placeholders at an
//     endpoint
//   - tenant.go, durable.go: the tenant of a request, and the name of the durable execution that
//     it starts
//   - string.go: the description for the log and -check
//   - components.go, namespaces.go: KrakenD's components, and namespaces without effect
package config
