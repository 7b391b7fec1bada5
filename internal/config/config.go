package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Config is the checked configuration of a Lambda backend, with its defaults set.
type Config struct {
	// Function is the configured function. It is zero if ParamName is set.
	Function Function
	// ParamName is the param of the request that names the function. It is empty if Function is
	// set.
	ParamName string
	// Verbatim uses the name in the param unchanged. Otherwise its first letter becomes upper
	// case, as KrakenD does with the names of placeholders.
	Verbatim bool
	// Allowed are the functions that the param may name. Nil allows every name, but no ARN.
	Allowed *Allowlist
	// Region is the AWS region. If it is empty, the AWS SDK looks in the environment and the
	// shared config.
	Region string
	// Endpoint is the base URL of the Invoke API. Empty means AWS's.
	Endpoint string
	// MaxRetries is how often a failed execution is retried. -1 leaves the number to the AWS
	// SDK.
	MaxRetries int
	// RetryFunctionErrors treats a function's own error as a failed execution.
	RetryFunctionErrors bool
	// ErrorStatuses are the statuses for function errors. Nil gives each a 502.
	ErrorStatuses *ErrorStatuses
	// MaxReply is the largest reply, in bytes. It is 0, which means no limit, if the function
	// streams and no limit is configured.
	MaxReply int64
	// Profile is a profile of the shared AWS files. If it is empty, the AWS SDK chooses.
	Profile string
	// Role is the role to assume with the credentials that are found, if its ARN is not empty.
	Role Role
	// Qualifier applies to the function that ParamName names. If it is empty, the name may
	// contain one. A configured Function has a separate qualifier.
	Qualifier string
	// InvocationType is InvocationEvent or InvocationDryRun. Empty is RequestResponse.
	InvocationType string
	// PayloadFormat tells what the function receives.
	PayloadFormat PayloadFormat
	// Event has the settings for events. It is zero if PayloadFormat is Simple.
	Event Event
	// Proxy tells that a reply is an HTTP response: status, headers and body.
	Proxy bool
	// Stream streams the reply.
	Stream bool
	// ClientContext sends headers and params as the client context.
	ClientContext bool
	// TenantID is the tenant for a function with tenant isolation. Zero sends none.
	TenantID Template
	// DurableExecutionName makes starts of a durable function idempotent. Zero sends none.
	DurableExecutionName Template
	// LogTail logs the end of the function's log.
	LogTail bool
}

// The values of the key invocation_type.
const (
	requestResponse  = "RequestResponse"
	InvocationEvent  = "Event"
	InvocationDryRun = "DryRun"
)

// MaxReply is Lambda's limit for a reply that is not streamed, in bytes: 6 MB, and 100 bytes for
// Lambda's own report of a function's error.
const MaxReply = 6<<20 + 100

// PayloadFormat tells what a function receives.
type PayloadFormat int

// The values of the key payload_format.
const (
	// Simple sends the parameters of a GET, and the body of any other request.
	Simple PayloadFormat = iota
	// Version1 is API Gateway's payload format 1.0, that of REST APIs.
	Version1
	// Version2 is API Gateway's payload format 2.0, that of HTTP APIs.
	Version2
	// ALB is the event of an Application Load Balancer.
	ALB
)

// payloadFormats are the values of payload_format, by their PayloadFormat.
var payloadFormats = []string{Simple: "simple", Version1: "1.0", Version2: "2.0", ALB: "alb"}

// String returns the value of payload_format.
func (f PayloadFormat) String() string { return payloadFormats[f] }

const (
	capitalized = "capitalized"
	verbatim    = "verbatim"

	plain      = "plain"
	proxyReply = "proxy"

	// SDKMaxRetries leaves the number of retries to the AWS SDK.
	SDKMaxRetries = -1
)

// draft is a configuration between decoding and validation: absent keys are nil.
type draft struct {
	functionName, functionParamName, functionNameCase, region, endpoint *string
	qualifier, invocationType, payloadFormat, responseFormat, profile   *string
	maxRetries, maxReply                                                *int
	retryFunctionErrors, stream, clientContext, logTail                 bool
	allowed                                                             *Allowlist
	role                                                                Role
	errorStatuses                                                       *ErrorStatuses
	tenantID, durableExecutionName                                      Template
	event                                                               *Event
	eventKeys, warnings                                                 []string
}

// keys are the supported keys, each with the function that decodes its value.
var keys = map[string]func(*draft, any) error{
	"function_name":          func(d *draft, v any) (err error) { d.functionName, err = asString(v); return },
	"function_param_name":    func(d *draft, v any) (err error) { d.functionParamName, err = asString(v); return },
	"function_name_case":     func(d *draft, v any) (err error) { d.functionNameCase, err = asString(v); return },
	"allowed_functions":      func(d *draft, v any) (err error) { d.allowed, err = asAllowlist(v); return },
	"region":                 func(d *draft, v any) (err error) { d.region, err = asString(v); return },
	"endpoint":               func(d *draft, v any) (err error) { d.endpoint, err = asString(v); return },
	"max_retries":            func(d *draft, v any) (err error) { d.maxRetries, err = asInt(v); return },
	"retry_function_errors":  func(d *draft, v any) (err error) { d.retryFunctionErrors, err = asBool(v); return },
	"function_error_status":  func(d *draft, v any) (err error) { d.errorStatuses, err = asErrorStatuses(v); return },
	"max_reply_bytes":        func(d *draft, v any) (err error) { d.maxReply, err = asInt(v); return },
	"profile":                func(d *draft, v any) (err error) { d.profile, err = asString(v); return },
	"assume_role":            (*draft).decodeRole,
	"event":                  (*draft).decodeEvent,
	"qualifier":              func(d *draft, v any) (err error) { d.qualifier, err = asString(v); return },
	"invocation_type":        func(d *draft, v any) (err error) { d.invocationType, err = asString(v); return },
	"payload_format":         func(d *draft, v any) (err error) { d.payloadFormat, err = asString(v); return },
	"response_format":        func(d *draft, v any) (err error) { d.responseFormat, err = asString(v); return },
	"tenant_id":              (*draft).decodeTenantID,
	"durable_execution_name": (*draft).decodeDurableExecutionName,
	"stream":                 func(d *draft, v any) (err error) { d.stream, err = asBool(v); return },
	"client_context":         func(d *draft, v any) (err error) { d.clientContext, err = asBool(v); return },
	"log_tail":               func(d *draft, v any) (err error) { d.logTail, err = asBool(v); return },
}

// Keys returns the supported keys, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(keys)) }

// Parse reads the value of a backend's extra_config under the namespace. endpoint are the
// placeholders of the backend's endpoint. The error names every key that is wrong, and says why.
// The warnings are for the operator, and do not stop the backend.
func Parse(settings any, endpoint Placeholders) (cfg Config, warnings []string, err error) {
	m, ok := settings.(map[string]any)
	if !ok {
		return Config{}, nil, fmt.Errorf("the configuration must be an object, is %s", describe(settings))
	}

	d, warnings, decodeErr := decode(m)
	cfg, more, validateErr := d.validate(m, endpoint)
	if err := errors.Join(decodeErr, validateErr, endpoint.check()); err != nil {
		return Config{}, warnings, err
	}
	return cfg, append(warnings, more...), nil
}

func decode(m map[string]any) (d draft, warnings []string, err error) {
	var errs []error
	present := make([]string, 0, len(m))
	for key := range m {
		present = append(present, key)
	}
	slices.Sort(present)
	for _, key := range present {
		if isComment(key) {
			continue
		}
		if decode, ok := keys[key]; ok {
			if err := decode(&d, m[key]); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", key, err))
			}
			continue
		}
		warnings = append(warnings, unknownKey(key, Keys()))
	}
	return d, append(warnings, d.warnings...), errors.Join(errs...)
}

// validate applies the defaults and checks the decoded values. It does not report a key of m as
// missing if it failed to decode.
func (d draft) validate(m map[string]any, endpoint Placeholders) (cfg Config, warnings []string, err error) {
	cfg.MaxRetries = SDKMaxRetries
	var errs []error
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf(key+": "+format, args...))
	}

	_, named := m["function_name"]
	_, param := m["function_param_name"]
	switch {
	case named && param:
		fail("function_name, function_param_name", "set only one of them")
	case !named && !param:
		fail("function_name, function_param_name", "set one of them")
	}

	if d.region != nil {
		cfg.Region = *d.region
		if !regionName.MatchString(cfg.Region) {
			fail("region", "%s is not a region", text.Quote(cfg.Region))
		}
	}
	if d.functionName != nil {
		f, err := parseFunction(*d.functionName)
		if err != nil {
			fail("function_name", "%w", err)
		}
		cfg.Function = f
		switch {
		case f.region == "" || f.region == cfg.Region:
		case cfg.Region == "":
			cfg.Region = f.region
		default:
			fail("region", "%s is not the region of the function's ARN, %s", text.Quote(cfg.Region), text.Quote(f.region))
		}
	}
	if d.functionParamName != nil {
		cfg.ParamName = *d.functionParamName
		// KrakenD capitalizes only the names of placeholders. Any other param comes from another
		// component, with the function's exact name.
		cfg.Verbatim = !endpoint.Has(cfg.ParamName)
		if cfg.Verbatim && !isForeign(cfg.ParamName) {
			warnings = append(warnings, notAPlaceholder(cfg.ParamName, endpoint))
		}
	}
	if d.functionNameCase != nil {
		cfg.Verbatim = *d.functionNameCase == verbatim
		errs = append(errs, oneOf("function_name_case", *d.functionNameCase, capitalized, verbatim))
		if named && !param {
			warnings = append(warnings, "function_name_case: has no effect on function_name, which is never changed")
		}
	}
	cfg.Allowed = d.allowed
	if d.allowed != nil && named && !param {
		warnings = append(warnings, "allowed_functions: has no effect on function_name, which no request can change")
	}
	if d.endpoint != nil {
		cfg.Endpoint = *d.endpoint
		if err := CheckEndpoint(cfg.Endpoint); err != nil {
			fail("endpoint", "%w", err)
		}
	}
	if d.maxRetries != nil {
		cfg.MaxRetries = *d.maxRetries
		if cfg.MaxRetries < SDKMaxRetries {
			fail("max_retries", "must be -1 or more, is %d", cfg.MaxRetries)
		}
	}
	if d.qualifier != nil {
		switch {
		case !qualifierName.MatchString(*d.qualifier):
			fail("qualifier", "%s is not a version, an alias, $LATEST or $LATEST.PUBLISHED", text.Quote(*d.qualifier))
		case cfg.Function.Qualifier != "":
			fail("qualifier", "function_name has one already, %s", text.Quote(cfg.Function.Qualifier))
		case cfg.Function.Name != "":
			cfg.Function.Qualifier = *d.qualifier
		default:
			cfg.Qualifier = *d.qualifier
		}
	}
	if d.profile != nil {
		cfg.Profile = *d.profile
	}
	cfg.Role = d.role
	more, err := d.validateFormats(&cfg)
	ofTemplates, templateErr := d.validateTemplates(&cfg, endpoint)
	return cfg, slices.Concat(warnings, more, ofTemplates), errors.Join(append(errs, err, templateErr)...)
}

// notAPlaceholder warns of a function_param_name that only another component can set.
func notAPlaceholder(param string, endpoint Placeholders) string {
	warning := fmt.Sprintf("function_param_name: the endpoint has no placeholder for %s, so another component, such as a Lua script, must set it", text.Quote(param))
	if capital := upperFirst(param); endpoint[capital] != "" && capital != param {
		warning += fmt.Sprintf("; did you mean '%s'?", capital)
	}
	return warning
}

// validateFormats is the part of validate for the formats of payloads and replies.
func (d draft) validateFormats(cfg *Config) (warnings []string, err error) {
	var errs []error
	if d.invocationType != nil {
		errs = append(errs, oneOf("invocation_type", *d.invocationType, requestResponse, InvocationEvent, InvocationDryRun))
		if *d.invocationType != requestResponse {
			cfg.InvocationType = *d.invocationType
		}
	}
	if d.payloadFormat != nil {
		cfg.PayloadFormat = max(Simple, PayloadFormat(slices.Index(payloadFormats, *d.payloadFormat)))
		errs = append(errs, oneOf("payload_format", *d.payloadFormat, payloadFormats...))
	}
	cfg.Proxy = cfg.PayloadFormat != Simple
	if d.responseFormat != nil {
		cfg.Proxy = *d.responseFormat == proxyReply
		errs = append(errs, oneOf("response_format", *d.responseFormat, plain, proxyReply))
	}
	if d.event != nil {
		if cfg.PayloadFormat == Simple {
			warnings = append(warnings, "event: has no effect with the payload_format simple")
		} else {
			cfg.Event = *d.event
			warnings = append(warnings, d.unusedEventKeys(cfg.PayloadFormat)...)
		}
	}
	cfg.Stream, cfg.ClientContext, cfg.LogTail = d.stream, d.clientContext, d.logTail
	cfg.RetryFunctionErrors, cfg.ErrorStatuses = d.retryFunctionErrors, d.errorStatuses
	if !cfg.Stream {
		cfg.MaxReply = MaxReply
	}
	if d.maxReply != nil {
		cfg.MaxReply = int64(*d.maxReply)
		switch {
		case cfg.MaxReply < 1:
			errs = append(errs, fmt.Errorf("max_reply_bytes: must be 1 or more, is %d", cfg.MaxReply))
		case cfg.MaxReply > MaxReply && !cfg.Stream:
			errs = append(errs, fmt.Errorf("max_reply_bytes: must be %d, which is Lambda's own limit without stream, or less, is %d", MaxReply, cfg.MaxReply))
		}
	}

	if cfg.Stream && d.responseFormat != nil && !cfg.Proxy {
		warnings = append(warnings, "response_format: has no effect with stream: the reply's content type tells whether it is an HTTP response")
	}
	if cfg.InvocationType != "" {
		if cfg.Stream {
			errs = append(errs, fmt.Errorf("stream: invocation_type must be %s, is %s", requestResponse, text.Quote(cfg.InvocationType)))
		}
		for key, set := range map[string]bool{
			"client_context":        cfg.ClientContext,
			"function_error_status": cfg.ErrorStatuses != nil,
			"log_tail":              cfg.LogTail,
			"max_reply_bytes":       d.maxReply != nil,
			"response_format":       d.responseFormat != nil && cfg.Proxy,
			"retry_function_errors": cfg.RetryFunctionErrors,
		} {
			if set {
				warnings = append(warnings, fmt.Sprintf("%s: has no effect with the invocation_type %s", key, cfg.InvocationType))
			}
		}
		slices.Sort(warnings)
		cfg.Proxy, cfg.ClientContext, cfg.LogTail, cfg.RetryFunctionErrors, cfg.MaxReply = false, false, false, false, MaxReply
		cfg.ErrorStatuses = nil
	}
	return warnings, errors.Join(errs...)
}

// regionName is the format that the AWS SDK requires of a region, which becomes a label of a
// host name.
var regionName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
