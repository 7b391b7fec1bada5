package config

import (
	"errors"
	"fmt"
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
	// Allowed are the functions that the param may name. Nil allows every name, but no ARN.
	Allowed *Allowlist
	// Region is the AWS region. If it is empty, the AWS SDK looks in the environment and the
	// shared config.
	Region string
	// Endpoint is the base URL of the Invoke API. Empty means AWS's.
	Endpoint string
	// Identity tells whose credentials sign the calls. Nil leaves it to the AWS SDK.
	Identity *Identity
	// MaxRetries is how often a failed execution is retried. -1 leaves the number to the AWS
	// SDK.
	MaxRetries int
	// ErrorStatuses are the statuses for function errors. Nil gives each a 502.
	ErrorStatuses *ErrorStatuses
	// MaxReply is the largest reply, in bytes. It is 0, which means no limit, if the function
	// streams and no limit is configured.
	MaxReply int64
	// Qualifier applies to the function that ParamName names. If it is empty, the name may
	// contain one. A configured Function has a separate qualifier.
	Qualifier string
	// InvocationType is InvocationEvent or InvocationDryRun. Empty is RequestResponse.
	InvocationType string
	// Event has the settings for events. It is nil without the key event, and if PayloadFormat
	// is Simple.
	Event *Event
	// TenantID is the tenant for a function with tenant isolation. Nil sends none.
	TenantID *Template
	// DurableExecutionName makes starts of a durable function idempotent. Nil sends none.
	DurableExecutionName *Template
	// PayloadFormat tells what the function receives.
	PayloadFormat PayloadFormat
	// Verbatim uses the name in the param unchanged. Otherwise its first letter becomes upper
	// case, as KrakenD does with the names of placeholders.
	Verbatim bool
	// RetryFunctionErrors treats a function's own error as a failed execution.
	RetryFunctionErrors bool
	// Proxy tells that a reply is an HTTP response: status, headers and body.
	Proxy bool
	// Stream streams the reply.
	Stream bool
	// ClientContext sends headers and params as the client context.
	ClientContext bool
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
type PayloadFormat uint8

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

// draft is a configuration between decoding and validation. What is absent is empty or nil.
type draft struct {
	functionName, functionParamName, functionNameCase, region, endpoint string
	qualifier, invocationType, payloadFormat, responseFormat, profile   string
	maxRetries                                                          int
	maxReply                                                            *int
	retryFunctionErrors, stream, clientContext, logTail                 bool
	allowed                                                             *Allowlist
	role                                                                Role
	errorStatuses                                                       *ErrorStatuses
	tenantID, durableExecutionName                                      *Template
	event                                                               *Event
	eventKeys, warnings                                                 []string
}

// keys are the supported keys, sorted. decodeKey has a case for each.
var keys = []string{
	"allowed_functions", "assume_role", "client_context", "durable_execution_name", "endpoint", "event",
	"function_error_status", "function_name", "function_name_case", "function_param_name", "invocation_type", "log_tail",
	"max_reply_bytes", "max_retries", "payload_format", "profile", "qualifier", "region",
	"response_format", "retry_function_errors", "stream", "tenant_id",
}

// decodeKey decodes the value of a key. It returns false if the key is not supported.
func (d *draft) decodeKey(key string, v any) (known bool, err error) {
	switch key {
	case "function_name":
		d.functionName, err = asString(v)
	case "function_param_name":
		d.functionParamName, err = asString(v)
	case "function_name_case":
		d.functionNameCase, err = asString(v)
	case "allowed_functions":
		d.allowed, err = asAllowlist(v)
	case "region":
		d.region, err = asString(v)
	case "endpoint":
		d.endpoint, err = asString(v)
	case "max_retries":
		d.maxRetries, err = asInt(v)
	case "retry_function_errors":
		d.retryFunctionErrors, err = asBool(v)
	case "function_error_status":
		d.errorStatuses, err = asErrorStatuses(v)
	case "max_reply_bytes":
		err = d.decodeMaxReply(v)
	case "profile":
		d.profile, err = asString(v)
	case "assume_role":
		err = d.decodeRole(v)
	case "event":
		err = d.decodeEvent(v)
	case "qualifier":
		d.qualifier, err = asString(v)
	case "invocation_type":
		d.invocationType, err = asString(v)
	case "payload_format":
		d.payloadFormat, err = asString(v)
	case "response_format":
		d.responseFormat, err = asString(v)
	case "tenant_id":
		err = d.decodeTenantID(v)
	case "durable_execution_name":
		err = d.decodeDurableExecutionName(v)
	case "stream":
		d.stream, err = asBool(v)
	case "client_context":
		d.clientContext, err = asBool(v)
	case "log_tail":
		d.logTail, err = asBool(v)
	default:
		return false, nil
	}
	return true, err
}

func (d *draft) decodeMaxReply(v any) error {
	n, err := asInt(v)
	if err == nil {
		d.maxReply = &n
	}
	return err
}

// Keys returns the supported keys, sorted.
func Keys() []string { return slices.Clone(keys) }

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
	d.maxRetries = SDKMaxRetries
	var errs []error
	var room [16]string // on the stack
	present := room[:0]
	for key := range m {
		present = append(present, key)
	}
	slices.Sort(present)
	for _, key := range present {
		if isComment(key) {
			continue
		}
		known, err := d.decodeKey(key, m[key])
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		case !known:
			warnings = append(warnings, unknownKey(key, keys))
		}
	}
	return d, append(warnings, d.warnings...), errors.Join(errs...)
}

// validate applies the defaults and checks the decoded values. It does not report a key of m as
// missing if it failed to decode.
func (d draft) validate(m map[string]any, endpoint Placeholders) (cfg Config, warnings []string, err error) {
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

	cfg.Region = d.region
	if d.region != "" && !IsRegion(d.region) {
		fail("region", "%s is not a region", text.Quote(cfg.Region))
	}
	if d.functionName != "" {
		f, err := parseFunction(d.functionName)
		if err != nil {
			fail("function_name", "%w", err)
		}
		cfg.Function = f
		switch {
		case f.region() == "" || f.region() == cfg.Region:
		case cfg.Region == "":
			cfg.Region = f.region()
		default:
			fail("region", "must be %s, the region of the function's ARN, is %s", text.Quote(f.region()), text.Quote(cfg.Region))
		}
	}
	if d.functionParamName != "" {
		cfg.ParamName = d.functionParamName
		// KrakenD capitalizes only the names of placeholders. Any other param comes from another
		// component, with the function's exact name.
		cfg.Verbatim = !endpoint.Has(cfg.ParamName)
		if cfg.Verbatim && !isForeign(cfg.ParamName) {
			warnings = append(warnings, notAPlaceholder(cfg.ParamName, endpoint))
		}
	}
	if d.functionNameCase != "" {
		cfg.Verbatim = d.functionNameCase == verbatim
		errs = append(errs, oneOf("function_name_case", d.functionNameCase, capitalized, verbatim))
		if named && !param {
			warnings = append(warnings, "function_name_case: has no effect on function_name, which is never changed")
		}
	}
	cfg.Allowed = d.allowed
	if d.allowed != nil && named && !param {
		warnings = append(warnings, "allowed_functions: has no effect on function_name, which no request can change")
	}
	if d.endpoint != "" {
		cfg.Endpoint = d.endpoint
		if err := CheckEndpoint(cfg.Endpoint); err != nil {
			fail("endpoint", "%w", err)
		}
	}
	cfg.MaxRetries = d.maxRetries
	if cfg.MaxRetries < SDKMaxRetries {
		fail("max_retries", "must be -1 or more, is %d", cfg.MaxRetries)
	}
	if d.qualifier != "" {
		switch {
		case !isQualifier(d.qualifier):
			fail("qualifier", "%s is not a version, an alias, $LATEST or $LATEST.PUBLISHED", text.Quote(d.qualifier))
		case cfg.Function.Qualifier != "":
			fail("qualifier", "function_name has the qualifier %s already: remove one of the two", text.Quote(cfg.Function.Qualifier))
		case cfg.Function.Name != "":
			cfg.Function.Qualifier = d.qualifier
		default:
			cfg.Qualifier = d.qualifier
		}
	}
	if d.profile != "" || d.role != (Role{}) {
		cfg.Identity = &Identity{d.profile, d.role}
	}
	more, err := d.validateFormats(&cfg)
	ofTemplates, templateErr := d.validateTemplates(&cfg, endpoint)
	return cfg, slices.Concat(warnings, more, ofTemplates), errors.Join(errors.Join(errs...), err, templateErr)
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
	if d.invocationType != "" {
		errs = append(errs, oneOf("invocation_type", d.invocationType, requestResponse, InvocationEvent, InvocationDryRun))
		if d.invocationType != requestResponse {
			cfg.InvocationType = d.invocationType
		}
	}
	if d.payloadFormat != "" {
		cfg.PayloadFormat = PayloadFormat(max(int(Simple), slices.Index(payloadFormats, d.payloadFormat)))
		errs = append(errs, oneOf("payload_format", d.payloadFormat, payloadFormats...))
	}
	cfg.Proxy = cfg.PayloadFormat != Simple
	if d.responseFormat != "" {
		cfg.Proxy = d.responseFormat == proxyReply
		errs = append(errs, oneOf("response_format", d.responseFormat, plain, proxyReply))
	}
	if d.event != nil {
		if cfg.PayloadFormat == Simple {
			warnings = append(warnings, "event: has no effect with the payload_format simple")
		} else {
			cfg.Event = d.event
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
			errs = append(errs, fmt.Errorf("max_reply_bytes: must be at most %d, Lambda's limit without stream, is %d", MaxReply, cfg.MaxReply))
		}
	}

	if cfg.Stream && d.responseFormat != "" && !cfg.Proxy {
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
			"response_format":       d.responseFormat != "" && cfg.Proxy,
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
