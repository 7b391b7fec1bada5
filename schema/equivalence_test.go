package schema

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/devopsfaith/krakend-lambda/internal/config"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The parser accepts exactly what the schema accepts, with two exceptions: the parser only warns of
// unknown keys, and a schema cannot check the region of an ARN.

var regionError = regexp.MustCompile(`^region: must be '[^']*', the region of the function's ARN, is '[^']*'$`)

// onlyOfRegions reports whether the gateway's only error is that the region differs from the ARN's.
func onlyOfRegions(err error) bool { return err != nil && regionError.MatchString(err.Error()) }

// compare returns the gateway's error for settings, and another error if the schema disagrees.
func compare(schema *jsonschema.Schema, settings any) (refusal, difference error) {
	refusal = gateway(settings)
	err := schema.Validate(settings)
	switch good := refusal == nil || onlyOfRegions(refusal); {
	case good && err != nil:
		return refusal, fmt.Errorf("the gateway accepts it, but the schema says: %w", err)
	case !good && err == nil:
		return refusal, fmt.Errorf("the schema accepts it, but the gateway says: %w", refusal)
	}
	return refusal, nil
}

func TestSchemaAndParser(t *testing.T) {
	const seed = 1
	// For each key, at least this many cases must be accepted, and refused because of this key alone.
	cases, accept, refuse := uint64(30_000), 200, 30
	if testing.Short() {
		cases, accept, refuse = 5_000, 20, 2
	}
	schema := compile(t, "lambda.json")
	accepted := map[string]int{} // by each key of the settings
	refused := map[string]int{}  // by the only wrong key
	regions, unknowns := 0, 0
	for i := range cases {
		g := generator{rand.New(rand.NewPCG(seed, i))}
		document, err := json.Marshal(g.settings())
		if err != nil {
			t.Fatal(err)
		}
		settings := parse(t, string(document))
		refusal, err := compare(schema, settings)
		if err != nil {
			t.Errorf("seed %d, case %d: %s: %v", seed, i, document, err)
		}
		switch {
		case refusal == nil:
			walk(settings, "", func(at string, _ any) { accepted[at]++ })
		case onlyOfRegions(refusal):
			regions++
		case strings.HasPrefix(refusal.Error(), "unknown key "):
			unknowns++
		default:
			if m := firstKey.FindStringSubmatch(refusal.Error()); m != nil {
				refused["/"+strings.ReplaceAll(m[1], ": ", "/")]++
			}
		}
	}
	keys := []string{"/assume_role", "/event"}
	for _, key := range sortedKeys {
		keys = append(keys, "/"+key)
	}
	for _, key := range sortedRoleKeys {
		keys = append(keys, "/assume_role/"+key)
	}
	for _, key := range sortedEventKeys {
		keys = append(keys, "/event/"+key)
	}
	for _, key := range append(keys, "") {
		if accepted[key] < accept {
			t.Errorf("%s: got %d accepted cases with it, want at least %d", key, accepted[key], accept)
		}
	}
	for _, key := range append(keys, "/function_name, function_param_name") {
		if refused[key] < refuse {
			t.Errorf("%s: got %d cases that are refused because of it alone, want at least %d", key, refused[key], refuse)
		}
	}
	if regions < refuse || unknowns < refuse {
		t.Errorf("got %d cases that are refused only because of the region of an ARN, and %d only because of an unknown key; want at least %d of each", regions, unknowns, refuse)
	}
	t.Logf("%d of %d accepted; refused: %v", accepted[""], cases, refused)
}

// firstKey finds the key in an error of one line.
var firstKey = regexp.MustCompile(`^(function_name, function_param_name|assume_role(?:: (?:role_arn|external_id|session_name))?|event(?:: (?:` + strings.Join(config.EventKeys(), "|") + `))?|[a-z_]+): .*$`)

// Every good candidate is accepted by itself, and every bad one refused. The generator's cases would not
// show a good one that is always refused.
func TestCandidates(t *testing.T) {
	schema := compile(t, "lambda.json")
	check := func(key string, c candidates, with func(any) object) {
		for good, candidates := range map[bool]list{true: c.good, false: c.bad} {
			for _, value := range candidates {
				document, err := json.Marshal(with(value))
				if err != nil {
					t.Fatal(err)
				}
				refusal, err := compare(schema, parse(t, string(document)))
				if err != nil {
					t.Errorf("%s: %s: %v", key, document, err)
				}
				if (refusal == nil) != good {
					t.Errorf("%s: %s: got error %v, want success: %t", key, document, refusal, good)
				}
			}
		}
	}
	for key, c := range values {
		check(key, c, func(value any) object {
			if key == "function_name" {
				return object{key: value}
			}
			m := object{"function_param_name": "Lambda"}
			m[key] = value
			return m
		})
	}
	for key, c := range roleValues {
		check(key, c, func(value any) object {
			role := object{"role_arn": roleValues["role_arn"].good[0]}
			role[key] = value
			return object{"function_name": "f", "assume_role": role}
		})
	}
	for key, c := range eventValues {
		check(key, c, func(value any) object {
			return object{"function_name": "f", "payload_format": formatOf(key), "event": object{key: value}}
		})
	}
}

// FuzzSchemaAndParser compares the two on any JSON.
func FuzzSchemaAndParser(f *testing.F) {
	for _, settings := range goodSettings {
		f.Add([]byte(settings))
	}
	for _, bad := range badSettings {
		f.Add([]byte(bad.settings))
	}
	for _, settings := range []string{
		`{"function_name":"f","function_name":"a b"}`, `{"function_name":"\ud800"}`, `{"function_name":"f","max_retries":1e-400}`, `{"function_name":"f","@":1e999}`,
		`{"function_name":"arn:aws:lambda:eu-west-1:123456789012:function:f","region":"us-west-2"}`, `{"Function_Name":"f"}`,
	} {
		f.Add([]byte(settings))
	}
	schema := compile(f, "lambda.json")
	f.Fuzz(func(t *testing.T, document []byte) {
		var settings any
		if err := json.Unmarshal(document, &settings); err != nil {
			t.Skip("it is not JSON, so KrakenD refuses it before")
		}
		if _, err := compare(schema, settings); err != nil {
			t.Error(err)
		}
	})
}
