package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/devopsfaith/krakend-lambda/internal/text"
)

// Event has the settings for events.
type Event struct {
	// AccountID and APIID identify the API in events. They are empty if they are not configured.
	AccountID, APIID string
	// Stage is the API's stage, empty for $default.
	Stage string
	// StageVariables are the stage's variables, or nil.
	StageVariables map[string]string
	// BinaryMediaTypes are the media types, in lower case, whose bodies are sent in base64. All
	// others are text. Nil uses the format's default; an empty list makes all bodies text.
	BinaryMediaTypes []string
	// ForwardedProto and ForwardedPort tell how clients reach the gateway if the request does
	// not tell. They are empty if they are not configured.
	ForwardedProto, ForwardedPort string
	// CookieHeader puts cookies into the header cookie of events of version 2.0 as well, as Lambda
	// function URLs do.
	CookieHeader bool
	// MultiValueHeaders puts all values of a header or query string into load balancer events,
	// and reads them from replies.
	MultiValueHeaders bool
	// TargetGroupARN is the ARN of the load balancer's target group. It is empty if it is not
	// configured.
	TargetGroupARN string
}

// An eventKey is a key of event.
type eventKey struct {
	decode  func(*Event, any) error
	formats []PayloadFormat // in which it has an effect
}

var (
	apiFormats = []PayloadFormat{Version1, Version2} // API Gateway's
	allFormats = append(apiFormats, ALB)
)

var eventKeys = map[string]eventKey{
	"account_id": {formats: apiFormats, decode: func(e *Event, v any) (err error) {
		e.AccountID, err = asMatch(v, accountID, "an AWS account id of 12 digits")
		return err
	}},
	"api_id": {formats: apiFormats, decode: func(e *Event, v any) (err error) {
		e.APIID, err = asMatch(v, identifier, "1 to 128 of A-Z a-z 0-9 _ -")
		return err
	}},
	"stage": {formats: apiFormats, decode: func(e *Event, v any) (err error) {
		e.Stage, err = asMatch(v, stageName, "$default, or 1 to 128 of A-Z a-z 0-9 _ -")
		return err
	}},
	"stage_variables": {formats: apiFormats, decode: func(e *Event, v any) (err error) {
		e.StageVariables, err = asStrings(v)
		return err
	}},
	"binary_media_types": {formats: allFormats, decode: func(e *Event, v any) (err error) {
		e.BinaryMediaTypes, err = asMediaTypes(v)
		return err
	}},
	"forwarded_proto": {formats: allFormats, decode: func(e *Event, v any) (err error) {
		e.ForwardedProto, err = asMatch(v, scheme, "http or https")
		return err
	}},
	"forwarded_port": {formats: allFormats, decode: func(e *Event, v any) error {
		n, err := asInt(v)
		if err != nil {
			return err
		}
		if n < 1 || n > 65535 {
			return fmt.Errorf("must be 1 to 65535, is %d", n)
		}
		e.ForwardedPort = fmt.Sprint(n)
		return nil
	}},
	"cookie_header": {formats: []PayloadFormat{Version2}, decode: func(e *Event, v any) (err error) {
		e.CookieHeader, err = asBool(v)
		return err
	}},
	"multi_value_headers": {formats: []PayloadFormat{ALB}, decode: func(e *Event, v any) (err error) {
		e.MultiValueHeaders, err = asBool(v)
		return err
	}},
	"target_group_arn": {formats: []PayloadFormat{ALB}, decode: func(e *Event, v any) (err error) {
		e.TargetGroupARN, err = asMatch(v, targetGroupARN, "the ARN of a target group")
		return err
	}},
}

var (
	accountID  = regexp.MustCompile(`^\d{12}$`)
	identifier = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	// Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html
	stageName      = regexp.MustCompile(`^(\$default|[A-Za-z0-9_-]{1,128})$`)
	scheme         = regexp.MustCompile(`^https?$`)
	targetGroupARN = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[A-Za-z0-9-]{1,32}/[A-Za-z0-9]+$`)
	mediaTypes     = regexp.MustCompile(`^([A-Za-z0-9!#$&^_.+-]+/([A-Za-z0-9!#$&^_.+-]+|\*)|\*/\*)$`)
)

// EventKeys returns the keys of event, sorted.
func EventKeys() []string { return slices.Sorted(maps.Keys(eventKeys)) }

func (d *draft) decodeEvent(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("must be an object, is %s", describe(v))
	}
	d.event = new(Event)
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if isComment(key) {
			continue
		}
		k, ok := eventKeys[key]
		if !ok {
			d.warnings = append(d.warnings, "event: "+unknownKey(key, EventKeys()))
			continue
		}
		if err := k.decode(d.event, m[key]); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
			continue
		}
		d.eventKeys = append(d.eventKeys, key)
	}
	return errors.Join(errs...)
}

// unusedEventKeys warns of the event keys that have no effect in a format.
func (d *draft) unusedEventKeys(f PayloadFormat) (warnings []string) {
	for _, key := range d.eventKeys {
		if !slices.Contains(eventKeys[key].formats, f) {
			warnings = append(warnings, fmt.Sprintf("event: %s has no effect with the payload_format %s", key, f))
		}
	}
	return warnings
}

// asStrings decodes an object whose values are strings.
func asStrings(v any) (map[string]string, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be an object of strings, is %s", describe(v))
	}
	values := make(map[string]string, len(m))
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(m)) {
		s, ok := m[key].(string)
		if !ok {
			errs = append(errs, fmt.Errorf("%s: must be a string, is %s", text.Quote(key), describe(m[key])))
		}
		values[key] = s
	}
	return values, errors.Join(errs...)
}

// asMediaTypes decodes a list of media types without parameters: image/png, image/* or */*.
func asMediaTypes(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of media types, is %s", describe(v))
	}
	types := make([]string, len(list))
	var errs []error
	for i, element := range list {
		s, _ := element.(string)
		if types[i] = strings.ToLower(s); !mediaTypes.MatchString(s) {
			errs = append(errs, fmt.Errorf("must hold media types such as image/png, image/* or */*, has %s", describe(element)))
		}
	}
	return types, errors.Join(errs...)
}
