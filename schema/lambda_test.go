package schema

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A property is a property of lambda.json, with settings that it can be added to.
type property struct {
	key    string
	schema object
	with   func(value any) object
}

func properties(t *testing.T) (all []property) {
	t.Helper()
	settings := parseFile(t, "lambda.json").(object)["properties"].(object)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		schema := settings[key].(object)
		all = append(all, property{key, schema, func(value any) object {
			if key == "function_name" {
				return object{key: value}
			}
			m := object{"function_param_name": "Lambda"}
			m[key] = value
			return m
		}})
		members, _ := schema["properties"].(object)
		for _, member := range slices.Sorted(maps.Keys(members)) {
			all = append(all, property{key + "." + member, members[member].(object), func(value any) object {
				m := object{}
				settings := object{"function_param_name": "Lambda", key: m}
				switch key {
				case "assume_role":
					m["role_arn"] = "arn:aws:iam::123456789012:role/gateway"
				case "event":
					settings["payload_format"] = formatOf(member)
				}
				m[member] = value
				return settings
			}})
		}
	}
	return all
}

// formatOf returns a payload_format in which a key of event has an effect.
func formatOf(key string) string {
	if key == "multi_value_headers" || key == "target_group_arn" {
		return "alb"
	}
	return "2.0"
}

func TestPropertiesAreTheParsersKeys(t *testing.T) {
	settings := parseFile(t, "lambda.json").(object)["properties"].(object)
	if got, want := slices.Sorted(maps.Keys(settings)), config.Keys(); !slices.Equal(got, want) {
		t.Errorf("got the properties %q, the parser has the keys %q", got, want)
	}
	for key, want := range map[string][]string{"assume_role": config.RoleKeys(), "event": config.EventKeys()} {
		members := settings[key].(object)["properties"].(object)
		if got := slices.Sorted(maps.Keys(members)); !slices.Equal(got, want) {
			t.Errorf("%s: got the properties %q, the parser has the keys %q", key, got, want)
		}
	}
}

// The description of event, and of each of its keys, names the formats in which the parser
// warns that it has no effect.
func TestFormatsWithoutAnEffect(t *testing.T) {
	schema := parseFile(t, "lambda.json").(object)["properties"].(object)
	for _, p := range properties(t) {
		if p.key != "event" && !strings.HasPrefix(p.key, "event.") {
			continue
		}
		var without []string
		for _, format := range schema["payload_format"].(object)["enum"].(list) {
			settings := p.with(p.schema["examples"].(list)[0])
			settings["payload_format"] = format
			_, warnings, err := config.Parse(settings, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range warnings {
				// With simple, event as a whole has no effect. Its own description says so.
				if strings.HasPrefix(w, "event: ") && (p.key == "event") == strings.HasPrefix(w, "event: has ") {
					without = append(without, format.(string))
				}
			}
		}
		want := ""
		if len(without) > 0 {
			want = "It has no effect with payload_format " + strings.Join(without, " and ") + "."
		}
		_, got, _ := strings.Cut(p.schema["description"].(string), " It has no")
		if got != strings.TrimPrefix(want, "It has no") {
			t.Errorf("%s: the description ends with %q, want %q", p.key, "It has no"+got, want)
		}
	}
}

// An editor shows for each key a title, a description, what happens without it, and valid examples.
func TestPropertiesAreDescribed(t *testing.T) {
	schema := compile(t, "lambda.json")
	for _, p := range properties(t) {
		if title, _ := p.schema["title"].(string); title == "" {
			t.Errorf("%s has no title", p.key)
		}
		description, _ := p.schema["description"].(string)
		if description == "" {
			t.Errorf("%s has no description", p.key)
		}
		if _, ok := p.schema["default"]; !ok && !strings.Contains(description, "Without it, ") {
			t.Errorf("%s has no default, and its description does not say what happens without it", p.key)
		}
		if !strings.HasSuffix(description, ".") || strings.ContainsAny(description, "\n\t") {
			t.Errorf("%s: the description %q must consist of sentences on one line", p.key, description)
		}
		examples, _ := p.schema["examples"].(list)
		if len(examples) == 0 {
			t.Errorf("%s has no examples", p.key)
		}
		for _, example := range examples {
			settings := p.with(example)
			if err := schema.Validate(settings); err != nil {
				t.Errorf("%s: the example %v: %v", p.key, example, err)
			}
			if err := gateway(settings); err != nil {
				t.Errorf("%s: the example %v: %v", p.key, example, err)
			}
			if example == p.schema["default"] {
				t.Errorf("%s: the example %v is the default", p.key, example)
			}
		}
	}
}

func TestExamplesOfTheSchema(t *testing.T) {
	for _, path := range []string{"lambda.json", "krakend.json"} {
		schema := compile(t, path)
		examples, _ := parseFile(t, path).(object)["examples"].(list)
		if len(examples) == 0 {
			t.Errorf("%s has no examples", path)
		}
		for _, example := range examples {
			if err := schema.Validate(example); err != nil {
				t.Errorf("%s: %v: %v", path, example, err)
			}
		}
	}
}

// A default is what the parser does without the key.
func TestDefaults(t *testing.T) {
	schema := compile(t, "lambda.json")
	defaults := 0
	for _, p := range properties(t) {
		value, ok := p.schema["default"]
		if !ok {
			continue
		}
		defaults++
		written, absent := p.with(value), p.with(value)
		if key, member, ok := strings.Cut(p.key, "."); ok {
			delete(absent[key].(object), member)
		} else {
			delete(absent, p.key)
		}
		if err := schema.Validate(written); err != nil {
			t.Errorf("%s: the default %v: %v", p.key, value, err)
		}
		got, _, err := config.Parse(written, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, _, err := config.Parse(absent, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: with the default %v the parser returns %+v, without the key %+v", p.key, value, got, want)
		}
		// An example must have another result. Otherwise every value would look like the default.
		other, _, err := config.Parse(p.with(p.schema["examples"].(list)[0]), nil)
		if err != nil || reflect.DeepEqual(other, want) {
			t.Errorf("%s: with the example the parser returns %+v, %v, the same as without the key", p.key, other, err)
		}
	}
	if want := 13; defaults != want {
		t.Errorf("got %d keys with a default, want %d", defaults, want)
	}
}

var goodSettings = map[string]string{
	"the documentation's fixed function":              `{"function_name":"lambda-function","region":"us-west1","max_retries":1}`,
	"the documentation's function from a placeholder": `{"function_param_name":"Lambda","region":"us-west1","max_retries":1}`,
	"a name and its qualifier":                        `{"function_name":"f:$LATEST"}`,
	"a name and a qualifier":                          `{"function_name":"f","qualifier":"$LATEST"}`,
	"a partial ARN":                                   `{"function_name":"123456789012:function:f:live"}`,
	"a partial ARN and a qualifier":                   `{"function_name":"123456789012:function:f","qualifier":"live"}`,
	"an ARN":                                          `{"function_name":"arn:aws-cn:lambda:cn-north-1:123456789012:function:f:7"}`,
	"an ARN, its region and a qualifier":              `{"function_name":"arn:aws:lambda:eu-west-1:123456789012:function:f","region":"eu-west-1","qualifier":"7"}`,
	"a name like an account":                          `{"function_name":"123456789012"}`,
	"a name like a region":                            `{"function_name":"us-east-1"}`,
	"a name that has a region in it":                  `{"function_name":"us-east-1-f:live"}`,
	"the longest name":                                `{"function_name":"` + strings.Repeat("f", 64) + `:` + strings.Repeat("q", 128) + `"}`,
	"a param of any spelling":                         `{"function_param_name":"a b/ü"}`,
	"case":                                            `{"function_param_name":"Lambda","function_name_case":"verbatim"}`,
	"patterns":                                        `{"function_param_name":"Lambda","allowed_functions":["*","Order-*","1*:function:f","*:function:*","arn:*:lambda:*:*:function:*","arn:aws-*:lambda:us-west-2:123456789012:function:f"]}`,
	"no retries":                                      `{"function_name":"f","max_retries":0}`,
	"as many retries as there can be":                 `{"function_name":"f","max_retries":2147483647}`,
	"an integer with a fraction of zero":              `{"function_name":"f","max_retries":2.0,"max_reply_bytes":1e3}`,
	"an endpoint":                                     `{"function_name":"f","endpoint":"http://localhost:4566/a%20b/"}`,
	"an endpoint with an IPv6 address":                `{"function_name":"f","endpoint":"HTTPS://[2001:db8::1]:65535"}`,
	"the largest reply":                               `{"function_name":"f","max_reply_bytes":6291556}`,
	"a stream and its limit":                          `{"function_name":"f","stream":true,"max_reply_bytes":2147483647,"invocation_type":"RequestResponse"}`,
	"no stream":                                       `{"function_name":"f","stream":false,"invocation_type":"DryRun"}`,
	"what has no effect":                              `{"function_name":"f","invocation_type":"Event","client_context":true,"log_tail":true,"retry_function_errors":true,"response_format":"proxy","function_name_case":"verbatim","allowed_functions":["f"]}`,
	"statuses of function errors":                     `{"function_name":"f","function_error_status":{"ValidationError":422,"*NotFound":404,"*":500,"_x":410.0}}`,
	"formats":                                         `{"function_name":"f","payload_format":"1.0","response_format":"plain"}`,
	"all that events can say":                         `{"function_name":"f","payload_format":"2.0","event":{"account_id":"123456789012","api_id":"a_1-B","stage":"$default","stage_variables":{"table":"","@":"x"},"binary_media_types":["*/*","Image/*","application/vnd.a+b"],"forwarded_proto":"https","forwarded_port":65535,"cookie_header":true,"#":1}}`,
	"all that a load balancer's events can say":       `{"function_name":"f","payload_format":"alb","event":{"binary_media_types":[],"forwarded_proto":"http","forwarded_port":1.0,"multi_value_headers":true,"target_group_arn":"` + targetGroup + `"}}`,
	"what says nothing":                               `{"function_name":"f","payload_format":"1.0","event":{"stage_variables":{}}}`,
	"an event without an effect":                      `{"function_name":"f","event":{"stage":"prod"}}`,
	"keys of another format's event":                  `{"function_name":"f","payload_format":"alb","event":{"stage":"prod","account_id":"123456789012"}}`,
	"a profile and a role":                            `{"function_name":"f","profile":" ","assume_role":{"role_arn":"arn:aws-us-gov:iam::123456789012:role/a/b","external_id":"a:b/c","session_name":"gw@x","@":1}}`,
	"the longest role":                                `{"function_name":"f","assume_role":{"role_arn":"` + roleOf(2048) + `","external_id":"` + strings.Repeat("x", 1224) + `","session_name":"` + strings.Repeat("s", 64) + `"}}`,
	"comments":                                        `{"function_name":"f","@a":1,"$b":null,"_c":{"d":[]},"#":"#"}`,
}

var badSettings = map[string]struct {
	settings string
	where    []string
}{
	"null":                          {`null`, []string{""}},
	"a list":                        {`[]`, []string{""}},
	"a string":                      {`"lambda-function"`, []string{""}},
	"no function":                   {`{}`, []string{""}},
	"comments only":                 {`{"@function_name":"f"}`, []string{""}},
	"two functions":                 {`{"function_name":"f","function_param_name":"Lambda"}`, []string{""}},
	"a key that is unknown":         {`{"function_name":"f","max_retry":1}`, []string{""}},
	"a key in upper case":           {`{"function_name":"f","Region":"us-west-2"}`, []string{""}},
	"an empty key":                  {`{"function_name":"f","":1}`, []string{""}},
	"a key with a space":            {`{"function_name":"f"," @comment":1}`, []string{""}},
	"a function that is null":       {`{"function_name":null}`, []string{"/function_name"}},
	"an empty function":             {`{"function_name":""}`, []string{"/function_name"}},
	"a name with a space":           {`{"function_name":"a b"}`, []string{"/function_name"}},
	"a name with a line's end":      {`{"function_name":"f\n"}`, []string{"/function_name"}},
	"a name too long":               {`{"function_name":"` + strings.Repeat("f", 65) + `"}`, []string{"/function_name"}},
	"a qualifier too long":          {`{"function_name":"f:` + strings.Repeat("q", 129) + `"}`, []string{"/function_name"}},
	"an account and a name":         {`{"function_name":"123456789012:f"}`, []string{"/function_name"}},
	"a region and a name":           {`{"function_name":"us-gov-east-1:f"}`, []string{"/function_name"}},
	"a keyword and a name":          {`{"function_name":"function:f"}`, []string{"/function_name"}},
	"another service's ARN":         {`{"function_name":"arn:aws:s3:us-west-2:123456789012:function:f"}`, []string{"/function_name"}},
	"an empty param":                {`{"function_param_name":""}`, []string{"/function_param_name"}},
	"a param that is a number":      {`{"function_param_name":1}`, []string{"/function_param_name"}},
	"case":                          {`{"function_param_name":"Lambda","function_name_case":"Verbatim"}`, []string{"/function_name_case"}},
	"no list of patterns":           {`{"function_param_name":"Lambda","allowed_functions":"f"}`, []string{"/allowed_functions"}},
	"no pattern":                    {`{"function_param_name":"Lambda","allowed_functions":[]}`, []string{"/allowed_functions"}},
	"patterns that are none":        {`{"function_param_name":"Lambda","allowed_functions":["f",7,"","f:live","f?","12345:function:f","arn:foo:lambda:*:*:function:f"]}`, []string{"/allowed_functions/1", "/allowed_functions/2", "/allowed_functions/3", "/allowed_functions/4", "/allowed_functions/5", "/allowed_functions/6"}},
	"a region that is a host":       {`{"function_name":"f","region":"x.example.com/"}`, []string{"/region"}},
	"a region too long":             {`{"function_name":"f","region":"` + strings.Repeat("r", 64) + `"}`, []string{"/region"}},
	"retries below -1":              {`{"function_name":"f","max_retries":-2}`, []string{"/max_retries"}},
	"retries as a string":           {`{"function_name":"f","max_retries":"1"}`, []string{"/max_retries"}},
	"half a retry":                  {`{"function_name":"f","max_retries":0.5}`, []string{"/max_retries"}},
	"too many retries":              {`{"function_name":"f","max_retries":2147483648}`, []string{"/max_retries"}},
	"endpoint without a scheme":     {`{"function_name":"f","endpoint":"localhost:4566"}`, []string{"/endpoint"}},
	"endpoint with a password":      {`{"function_name":"f","endpoint":"http://me:hunter2@localhost"}`, []string{"/endpoint"}},
	"endpoint with a query":         {`{"function_name":"f","endpoint":"http://localhost?a=b"}`, []string{"/endpoint"}},
	"endpoint with a port too high": {`{"function_name":"f","endpoint":"http://localhost:65536"}`, []string{"/endpoint"}},
	"endpoint with a bad address":   {`{"function_name":"f","endpoint":"http://[1::2::3]"}`, []string{"/endpoint"}},
	"retries as a boolean":          {`{"function_name":"f","max_retries":true}`, []string{"/max_retries"}},
	"a boolean as a number":         {`{"function_name":"f","retry_function_errors":1}`, []string{"/retry_function_errors"}},
	"invalid statuses":              {`{"function_name":"f","function_error_status":{"a":200,"b":"404","@c":"d","e":404}}`, []string{"/function_error_status/@c", "/function_error_status/a", "/function_error_status/b"}},
	"no status":                     {`{"function_name":"f","function_error_status":{}}`, []string{"/function_error_status"}},
	"a limit of zero":               {`{"function_name":"f","max_reply_bytes":0}`, []string{"/max_reply_bytes"}},
	"more than Lambda's limit":      {`{"function_name":"f","max_reply_bytes":6291557}`, []string{"/max_reply_bytes"}},
	"more without a stream":         {`{"function_name":"f","max_reply_bytes":6291557,"stream":false}`, []string{"/max_reply_bytes"}},
	"more than a stream's limit":    {`{"function_name":"f","max_reply_bytes":2147483648,"stream":true}`, []string{"/max_reply_bytes"}},
	"an empty profile":              {`{"function_name":"f","profile":""}`, []string{"/profile"}},
	"a role that is a string":       {`{"function_name":"f","assume_role":"arn:aws:iam::123456789012:role/x"}`, []string{"/assume_role"}},
	"a role without its ARN":        {`{"function_name":"f","assume_role":{"external_id":"ab"}}`, []string{"/assume_role"}},
	"a role with an unknown key":    {`{"function_name":"f","assume_role":{"role_arn":"arn:aws:iam::123456789012:role/x","duration":1}}`, []string{"/assume_role"}},
	"a role with only bad values":   {`{"function_name":"f","assume_role":{"role_arn":"arn:aws:iam::1:role/x","external_id":"x","session_name":"a b"}}`, []string{"/assume_role/external_id", "/assume_role/role_arn", "/assume_role/session_name"}},
	"an external id too long":       {`{"function_name":"f","assume_role":{"role_arn":"arn:aws:iam::123456789012:role/x","external_id":"` + strings.Repeat("x", 1225) + `"}}`, []string{"/assume_role/external_id"}},
	"an invalid qualifier":          {`{"function_name":"f","qualifier":"live!"}`, []string{"/qualifier"}},
	"two qualifiers":                {`{"function_name":"f:live","qualifier":"live"}`, []string{"/qualifier"}},
	"a qualifier and a partial's":   {`{"function_name":"123456789012:function:f:7","qualifier":"8"}`, []string{"/qualifier"}},
	"a qualifier and an ARN's":      {`{"function_name":"arn:aws:lambda:us-west-2:123456789012:function:f:7","qualifier":"8"}`, []string{"/qualifier"}},
	"payload format as a number":    {`{"function_name":"f","payload_format":2.0}`, []string{"/payload_format"}},
	"response format":               {`{"function_name":"f","response_format":"http"}`, []string{"/response_format"}},
	"an event that is a string":     {`{"function_name":"f","payload_format":"2.0","event":"2.0"}`, []string{"/event"}},
	"an event with an unknown key":  {`{"function_name":"f","payload_format":"2.0","event":{"Stage":"prod"}}`, []string{"/event"}},
	"an event with only bad values": {
		`{"function_name":"f","payload_format":"2.0","event":{"account_id":"12345","api_id":"","stage":"$prod","stage_variables":[],"binary_media_types":"*/*","forwarded_proto":"HTTPS","forwarded_port":65536,"cookie_header":1,"multi_value_headers":"true","target_group_arn":"tea-shop"}}`,
		[]string{"/event/account_id", "/event/api_id", "/event/binary_media_types", "/event/cookie_header", "/event/forwarded_port", "/event/forwarded_proto", "/event/multi_value_headers", "/event/stage", "/event/stage_variables", "/event/target_group_arn"},
	},
	"stage variables that are none": {`{"function_name":"f","payload_format":"2.0","event":{"stage_variables":{"a":"b","c":1,"@":null}}}`, []string{"/event/stage_variables/@", "/event/stage_variables/c"}},
	"media types that are none":     {`{"function_name":"f","payload_format":"2.0","event":{"binary_media_types":["image/png","image","*/png","image/png; q=1",null,"image/\u212a"]}}`, []string{"/event/binary_media_types/1", "/event/binary_media_types/2", "/event/binary_media_types/3", "/event/binary_media_types/4", "/event/binary_media_types/5"}},
	"a bad event without an effect": {`{"function_name":"f","event":{"stage":""}}`, []string{"/event/stage"}},
	"invocation type":               {`{"function_name":"f","invocation_type":"event"}`, []string{"/invocation_type"}},
	"a stream of no reply":          {`{"function_name":"f","stream":true,"invocation_type":"Event"}`, []string{"/invocation_type"}},
	"stream as a string":            {`{"function_name":"f","stream":"true"}`, []string{"/stream"}},
	"client context as null":        {`{"function_name":"f","client_context":null}`, []string{"/client_context"}},
	"log tail as a list":            {`{"function_name":"f","log_tail":[true]}`, []string{"/log_tail"}},
}

func TestGoodSettings(t *testing.T) {
	schema := compile(t, "lambda.json")
	for name, document := range goodSettings {
		settings := parse(t, document)
		if err := schema.Validate(settings); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := gateway(settings); err != nil {
			t.Errorf("%s: the gateway says: %v", name, err)
		}
	}
}

func TestBadSettings(t *testing.T) {
	schema := compile(t, "lambda.json")
	for name, tc := range badSettings {
		settings := parse(t, tc.settings)
		if got := places(schema.Validate(settings)); !slices.Equal(got, tc.where) {
			t.Errorf("%s: got errors at %q, want %q", name, got, tc.where)
		}
		if gateway(settings) == nil {
			t.Errorf("%s: the gateway accepts it", name)
		}
	}
}

// The schema cannot check this one rule, because it compares two values.
func TestRegionIsTheARNs(t *testing.T) {
	schema := compile(t, "lambda.json")
	settings := object{"function_name": "arn:aws:lambda:eu-west-1:123456789012:function:f", "region": "us-west-2"}
	if err := schema.Validate(settings); err != nil {
		t.Errorf("the schema checks it, so its description of region is wrong: %v", err)
	}
	if err := gateway(settings); !onlyOfRegions(err) {
		t.Errorf("got %v, want the gateway to compare the regions", err)
	}
	settings["region"] = "eu-west-1"
	if err := gateway(settings); err != nil {
		t.Error(err)
	}
}

// Many validators compare numbers digit by digit. That makes no difference for numbers that a float64
// can represent. KrakenD rounds all others first.
func TestNumbersDigitForDigit(t *testing.T) {
	schema := compile(t, "lambda.json")
	for _, tc := range []struct {
		number         string
		exact, gateway bool // whether it is a valid number of retries
	}{
		{"1", true, true}, {"1.0", true, true}, {"100e-2", true, true}, {"-1.000", true, true}, {"-0", true, true}, {"2147483647", true, true},
		{"0.5", false, false}, {"2147483648", false, false}, {"1e300", false, false}, {"-1.5", false, false},
		{"1.00000000000000000001", false, true}, {"2147483647.00000000001", false, true},
	} {
		document := `{"function_name":"f","max_retries":` + tc.number + `}`
		exact, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(exact); (err == nil) != tc.exact {
			t.Errorf("%s, digit by digit: got error %v, want success: %t", tc.number, err, tc.exact)
		}
		settings := parse(t, document)
		if err := schema.Validate(settings); (err == nil) != tc.gateway {
			t.Errorf("%s: got error %v, want success: %t", tc.number, err, tc.gateway)
		}
		if err := gateway(settings); (err == nil) != tc.gateway {
			t.Errorf("%s: got the gateway's error %v, want success: %t", tc.number, err, tc.gateway)
		}
	}
}
