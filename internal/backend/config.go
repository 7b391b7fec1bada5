package backend

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go/service/lambda"
)

// Config is the configuration of a Lambda backend, checked and with its
// defaults in place.
type Config struct {
	// Function is what is invoked where the configuration names it. It is zero
	// where ParamName is set.
	Function Function
	// ParamName is the param of the request that names the function. It is empty
	// where Function is set.
	ParamName string
	// Verbatim leaves the name that the param carries as it is. False uppercases
	// its first letter, as KrakenD does with the names of placeholders.
	Verbatim bool
	// Allowed are the functions that the param may name. Nil is every name, and no ARN.
	Allowed []pattern
	// Region is the AWS region. Empty means the one that the AWS SDK finds in the
	// environment and the shared config.
	Region string
	// Endpoint is the base URL of the Invoke API. Empty means AWS's.
	Endpoint string
	// MaxRetries is how often an execution that failed is tried again; -1 leaves
	// the number to the AWS SDK.
	MaxRetries int
	// RetryFunctionErrors counts an error of the function's own as an execution that
	// failed.
	RetryFunctionErrors bool
	// MaxReply is the largest reply, in bytes. It is 0 where the function streams and
	// nothing is configured: then there is no limit.
	MaxReply int64
	// Profile is the one of the shared AWS files. Empty leaves it to the AWS SDK.
	Profile string
	// Role is assumed with the credentials that are found, where its ARN is not empty.
	Role Role
	// Qualifier is the version or alias of the function that ParamName names. Empty
	// leaves it to the name. A fixed Function has its own.
	Qualifier string
	// InvocationType is Event or DryRun. Empty is RequestResponse.
	InvocationType string
	// PayloadFormat is what the function receives.
	PayloadFormat PayloadFormat
	// Proxy tells that a reply is an HTTP response: status, headers and body.
	Proxy bool
	// Stream hands a reply on as it comes.
	Stream bool
	// ClientContext sends headers and params as the client context.
	ClientContext bool
	// LogTail logs the end of the function's own log.
	LogTail bool
}

// PayloadFormat is what a function receives.
type PayloadFormat int

const (
	// Simple is the parameters of a GET, and the body of any other request.
	Simple PayloadFormat = iota
	// Version1 is API Gateway's payload format 1.0, that of REST APIs.
	Version1
	// Version2 is API Gateway's payload format 2.0, that of HTTP APIs.
	Version2
)

const (
	capitalized = "capitalized"
	verbatim    = "verbatim"

	plain      = "plain"
	proxyReply = "proxy"

	// sdkMaxRetries leaves the number of retries to the AWS SDK.
	sdkMaxRetries = -1
)

var payloadFormats = map[string]PayloadFormat{"simple": Simple, "1.0": Version1, "2.0": Version2}

// draft is a configuration on its way from decoding to validation: absent keys
// are nil.
type draft struct {
	functionName, functionParamName, functionNameCase, region, endpoint *string
	qualifier, invocationType, payloadFormat, responseFormat, profile   *string
	maxRetries, maxReply                                                *int
	retryFunctionErrors, stream, clientContext, logTail                 bool
	allowed                                                             []pattern
	role                                                                Role
	warnings                                                            []string
}

// keys are the keys that work, each with the part that decodes its value.
var keys = map[string]func(*draft, any) error{
	"function_name":         func(d *draft, v any) (err error) { d.functionName, err = asString(v); return },
	"function_param_name":   func(d *draft, v any) (err error) { d.functionParamName, err = asString(v); return },
	"function_name_case":    func(d *draft, v any) (err error) { d.functionNameCase, err = asString(v); return },
	"allowed_functions":     func(d *draft, v any) (err error) { d.allowed, err = asPatterns(v); return },
	"region":                func(d *draft, v any) (err error) { d.region, err = asString(v); return },
	"endpoint":              func(d *draft, v any) (err error) { d.endpoint, err = asString(v); return },
	"max_retries":           func(d *draft, v any) (err error) { d.maxRetries, err = asInt(v); return },
	"retry_function_errors": func(d *draft, v any) (err error) { d.retryFunctionErrors, err = asBool(v); return },
	"max_reply_bytes":       func(d *draft, v any) (err error) { d.maxReply, err = asInt(v); return },
	"profile":               func(d *draft, v any) (err error) { d.profile, err = asString(v); return },
	"assume_role":           func(d *draft, v any) (err error) { d.role, d.warnings, err = parseRole(v); return },
	"qualifier":             func(d *draft, v any) (err error) { d.qualifier, err = asString(v); return },
	"invocation_type":       func(d *draft, v any) (err error) { d.invocationType, err = asString(v); return },
	"payload_format":        func(d *draft, v any) (err error) { d.payloadFormat, err = asString(v); return },
	"response_format":       func(d *draft, v any) (err error) { d.responseFormat, err = asString(v); return },
	"stream":                func(d *draft, v any) (err error) { d.stream, err = asBool(v); return },
	"client_context":        func(d *draft, v any) (err error) { d.clientContext, err = asBool(v); return },
	"log_tail":              func(d *draft, v any) (err error) { d.logTail, err = asBool(v); return },
}

// Keys are the keys that work, sorted.
func Keys() []string { return slices.Sorted(maps.Keys(keys)) }

// ParseConfig reads the value that a backend's extra_config has under the
// namespace. The error names every key that is wrong, and how; the warnings are
// for the operator to read and stop nothing.
func ParseConfig(settings any) (cfg Config, warnings []string, err error) {
	m, ok := settings.(map[string]any)
	if !ok {
		return Config{}, nil, fmt.Errorf("the configuration must be an object, is %s", describe(settings))
	}

	d, warnings, decodeErr := decode(m)
	cfg, more, validateErr := d.validate(m)
	if err := errors.Join(decodeErr, validateErr); err != nil {
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

func isComment(key string) bool { return key != "" && strings.ContainsRune("@$_#", rune(key[0])) }

// validate applies the defaults and checks what has been decoded. A key of m
// that did not decode is not reported again as missing.
func (d draft) validate(m map[string]any) (cfg Config, warnings []string, err error) {
	cfg.MaxRetries = sdkMaxRetries
	var errs []error
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf(key+": "+format, args...))
	}

	_, named := m["function_name"]
	_, param := m["function_param_name"]
	switch {
	case named && param:
		fail("function_name, function_param_name", "only one of them may be there")
	case !named && !param:
		fail("function_name, function_param_name", "one of them must be there")
	}

	if d.region != nil {
		cfg.Region = *d.region
		if !regionName.MatchString(cfg.Region) {
			fail("region", "%s is no name of a region", quote(cfg.Region))
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
			fail("region", "%s is not the region of the function's ARN, %s", quote(cfg.Region), quote(f.region))
		}
	}
	if d.functionParamName != nil {
		cfg.ParamName = *d.functionParamName
		// KrakenD capitalizes the names of an endpoint's placeholders, so a name in
		// lower case is that of a param which another component has set.
		cfg.Verbatim = upperFirst(cfg.ParamName) != cfg.ParamName
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
		if err := checkEndpoint(cfg.Endpoint); err != nil {
			fail("endpoint", "%w", err)
		}
	}
	if d.maxRetries != nil {
		cfg.MaxRetries = *d.maxRetries
		if cfg.MaxRetries < sdkMaxRetries {
			fail("max_retries", "must be -1 or more, is %d", cfg.MaxRetries)
		}
	}
	if d.qualifier != nil {
		switch {
		case !qualifierName.MatchString(*d.qualifier):
			fail("qualifier", "%s is no version and no alias", quote(*d.qualifier))
		case cfg.Function.Qualifier != "":
			fail("qualifier", "function_name has one already, %s", quote(cfg.Function.Qualifier))
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
	return cfg, append(warnings, more...), errors.Join(append(errs, err)...)
}

// validateFormats does the part of validate that is about what goes out and what
// comes back.
func (d draft) validateFormats(cfg *Config) (warnings []string, err error) {
	var errs []error
	if d.invocationType != nil {
		errs = append(errs, oneOf("invocation_type", *d.invocationType, lambda.InvocationTypeRequestResponse, lambda.InvocationTypeEvent, lambda.InvocationTypeDryRun))
		if *d.invocationType != lambda.InvocationTypeRequestResponse {
			cfg.InvocationType = *d.invocationType
		}
	}
	if d.payloadFormat != nil {
		cfg.PayloadFormat = payloadFormats[*d.payloadFormat]
		errs = append(errs, oneOf("payload_format", *d.payloadFormat, "simple", "1.0", "2.0"))
	}
	cfg.Proxy = cfg.PayloadFormat != Simple
	if d.responseFormat != nil {
		cfg.Proxy = *d.responseFormat == proxyReply
		errs = append(errs, oneOf("response_format", *d.responseFormat, plain, proxyReply))
	}
	cfg.Stream, cfg.ClientContext, cfg.LogTail = d.stream, d.clientContext, d.logTail
	cfg.RetryFunctionErrors = d.retryFunctionErrors
	if !cfg.Stream {
		cfg.MaxReply = maxReply
	}
	if d.maxReply != nil {
		cfg.MaxReply = int64(*d.maxReply)
		switch {
		case cfg.MaxReply < 1:
			errs = append(errs, fmt.Errorf("max_reply_bytes: must be 1 or more, is %d", cfg.MaxReply))
		case cfg.MaxReply > maxReply && !cfg.Stream:
			errs = append(errs, fmt.Errorf("max_reply_bytes: must be %d, which is Lambda's own limit without stream, or less, is %d", maxReply, cfg.MaxReply))
		}
	}

	if cfg.Stream && d.responseFormat != nil && !cfg.Proxy {
		warnings = append(warnings, "response_format: has no effect with stream: the reply's content type tells whether it is an HTTP response")
	}
	if cfg.InvocationType != "" {
		if cfg.Stream {
			errs = append(errs, fmt.Errorf("stream: invocation_type must be %s, is %s", lambda.InvocationTypeRequestResponse, quote(cfg.InvocationType)))
		}
		for key, set := range map[string]bool{
			"client_context":        cfg.ClientContext,
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
		cfg.Proxy, cfg.ClientContext, cfg.LogTail, cfg.RetryFunctionErrors, cfg.MaxReply = false, false, false, false, maxReply
	}
	return warnings, errors.Join(errs...)
}

func oneOf(key, value string, choices ...string) error {
	if slices.Contains(choices, value) {
		return nil
	}
	for i, c := range choices {
		choices[i] = strconv.Quote(c)
	}
	last := len(choices) - 1
	return fmt.Errorf("%s: must be %s or %s, is %s", key, strings.Join(choices[:last], ", "), choices[last], quote(value))
}

// regionName is the format that the AWS SDK asks of a region, which becomes a
// label of a host name.
var regionName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func asString(v any) (*string, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("must be a string, is %s", describe(v))
	}
	if s == "" {
		return nil, errors.New("must not be empty")
	}
	return &s, nil
}

func asPatterns(v any) ([]pattern, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of patterns, is %s", describe(v))
	}
	if len(list) == 0 {
		return nil, errors.New("must have a pattern or more")
	}
	patterns := make([]pattern, len(list))
	var errs []error
	for i, element := range list {
		s, ok := element.(string)
		if !ok {
			errs = append(errs, fmt.Errorf("must be a list of strings, has %s", describe(element)))
			continue
		}
		var err error
		patterns[i], err = parsePattern(s)
		errs = append(errs, err)
	}
	return patterns, errors.Join(errs...)
}

func asBool(v any) (bool, error) {
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("must be true or false, is %s", describe(v))
	}
	return b, nil
}

// asInt takes the types in which parsers deliver the numbers of JSON, YAML and
// TOML.
func asInt(v any) (*int, error) {
	bad := fmt.Errorf("must be an integer, is %s", describe(v))
	var f float64
	switch n := v.(type) {
	case int:
		return inRange(int64(n))
	case int64:
		return inRange(n)
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return inRange(i)
		}
		var err error
		if f, err = n.Float64(); err != nil {
			return nil, bad
		}
	case float64:
		f = n
	default:
		return nil, bad
	}
	if f != math.Trunc(f) { // true of NaN, too
		return nil, bad
	}
	return inRange(int64(max(math.MinInt32-1, min(f, math.MaxInt32+1))))
}

func inRange(n int64) (*int, error) {
	if n < math.MinInt32 || n > math.MaxInt32 {
		return nil, errors.New("is out of range")
	}
	i := int(n)
	return &i, nil
}

// describe says in a few words what a value of the configuration is.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return "the string " + quote(v)
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case float64, float32, int, int64, json.Number:
		return fmt.Sprintf("the number %v", v)
	default:
		return fmt.Sprintf("a %T", v)
	}
}

// unknownKey warns of a key that is none of known, with the one that it resembles.
func unknownKey(key string, known []string) string {
	spelled := strings.ToLower(strings.ReplaceAll(key, "-", "_"))
	best, distance := "", len(spelled)
	for _, k := range known {
		if d := editDistance(spelled, k); d < distance && d <= len(k)/3 {
			best, distance = k, d
		}
	}
	if best == "" {
		return fmt.Sprintf("unknown key %s is ignored", quote(key))
	}
	return fmt.Sprintf("unknown key %s is ignored; did you mean %q?", quote(key), best)
}

// editDistance is Levenshtein's: the insertions, deletions and substitutions of
// one byte that turn a into b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// String says in a few words what a backend invokes.
func (c *Config) String() string {
	s := "function " + c.Function.String()
	if c.ParamName != "" {
		s = "function from the param " + c.ParamName
		if c.Qualifier != "" {
			s += ", qualifier " + c.Qualifier
		}
	}
	if c.Region != "" {
		s += ", region " + c.Region
	}
	if c.Endpoint != "" {
		s += ", endpoint " + c.Endpoint
	}
	if c.Profile != "" {
		s += ", profile " + quote(c.Profile)
	}
	if c.Role.ARN != "" {
		s += ", role " + c.Role.ARN
	}
	if c.InvocationType != "" {
		s += ", invocation type " + c.InvocationType
	}
	switch c.PayloadFormat {
	case Version1:
		s += ", payload format 1.0"
	case Version2:
		s += ", payload format 2.0"
	case Simple:
	}
	if c.Stream {
		s += ", streamed"
	}
	switch {
	case c.ParamName == "":
	case c.Allowed == nil:
		s += ", every name allowed"
	default:
		s += fmt.Sprintf(", allowed %v", c.Allowed)
	}
	return s
}
