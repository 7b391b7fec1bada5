package load

import (
	"encoding/json"
	"fmt"
)

// namespace is the one that all adapters know.
const namespace = "github.com/devopsfaith/krakend-lambda"

// maxIdle is max_idle_connections_per_host: KrakenD's default of 250 would close some of
// 256 connections all the time.
const maxIdle = 512

// GatewayFor returns the krakend.json, in the version of the generation, of a gateway
// with one endpoint, which is for the target.
func GatewayFor(version int, t Target) []byte {
	encoding := "json"
	if t.NoOp {
		encoding = "no-op"
	}
	settings := map[string]any{
		"function_name": t.Function,
		"region":        Region,
		"endpoint":      t.URL,
	}
	if t.RetryFunctionErrors {
		settings["retry_function_errors"] = true
	}
	return gateway(version, encoding, []map[string]any{settings})
}

// Region is the region of all targets.
const Region = "us-east-1"

// The credentials of all calls.
const (
	AccessKeyID     = "AKIDEXAMPLE"
	SecretAccessKey = "not-a-secret"
)

// GatewayOf returns the krakend.json of a gateway with n endpoints, one Lambda backend
// each, over three regions.
func GatewayOf(version, n int) []byte {
	regions := [...]string{Region, "eu-west-1", "ap-southeast-2"}
	settings := make([]map[string]any, n)
	for i := range settings {
		settings[i] = map[string]any{
			"function_name": fmt.Sprintf("function-%d", i),
			"region":        regions[i%len(regions)],
		}
	}
	return gateway(version, "json", settings)
}

func gateway(version int, encoding string, settings []map[string]any) []byte {
	type object = map[string]any
	endpoints := make([]object, len(settings))
	for i, s := range settings {
		endpoints[i] = object{
			"endpoint":        fmt.Sprintf("/functions/%d", i),
			"method":          "POST",
			"output_encoding": encoding,
			"backend": []object{{
				// The published modules need a host, though they never call it.
				"host":         []string{"http://lambda.invalid"},
				"url_pattern":  "/",
				"encoding":     encoding,
				"extra_config": object{namespace: s},
			}},
		}
	}
	b, err := json.Marshal(object{
		"version":                       version,
		"max_idle_connections_per_host": maxIdle,
		"endpoints":                     endpoints,
	})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return b
}
