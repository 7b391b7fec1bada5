package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// caller invokes a function and returns its decoded reply. It is called concurrently.
type caller func(ctx context.Context, payload io.ReadCloser) (map[string]any, error)

// settings are the extra_config of a Lambda backend.
type settings map[string]any

// contestant is one of the ways to call functions that the program compares.
type contestant struct {
	name, title string
	open        func(settings) (caller, error)
	// pipes prepares a gateway with n Lambda backends, and returns a function that builds their pipes.
	// It is nil for an SDK alone.
	pipes func(n int) (build func() (any, error), err error)
}

const region = "us-east-1"

// useCredentials gives this process credentials, and removes all other AWS variables from its environment.
func useCredentials() {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	os.Setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
	os.Setenv("AWS_REGION", region)
	os.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	os.Setenv("AWS_CONFIG_FILE", os.DevNull)
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}

// contestants returns all contestants. Like KrakenD's router, it makes KrakenD's HTTP transport the
// default one. All contestants use it.
func contestants() ([]contestant, error) {
	if err := useTransport(); err != nil {
		return nil, err
	}
	return []contestant{ours2(), published2(), sdk2(), ours1(), published1(), sdk1()}, nil
}

// pairs has the names of the contestants to compare.
func pairs() [][2]string {
	return [][2]string{
		{"ours", "published"},
		{"ours", "sdk"},
		{"ours-1.4", "published-1.4"},
		{"ours-1.4", "sdk-1.4"},
	}
}

func target(url, function string) settings {
	return settings{"function_name": function, "region": region, "endpoint": url}
}

// gatewayOf returns the krakend.json, in the version of the generation, of a gateway with a Lambda
// backend for each of the settings.
func gatewayOf(version int, all ...settings) []byte {
	type object = map[string]any
	var endpoints []object
	for i, s := range all {
		endpoints = append(endpoints, object{
			"endpoint": fmt.Sprintf("/functions/%d", i),
			"method":   "POST",
			"backend": []object{{
				"host":         []string{"http://lambda.invalid"}, // the published modules require it, but do not call it
				"url_pattern":  "/",
				"extra_config": object{"github.com/devopsfaith/krakend-lambda": s},
			}},
		})
	}
	// KrakenD's default is 250 connections.
	b, _ := json.Marshal(object{"version": version, "max_idle_connections_per_host": 512, "endpoints": endpoints}) // texts and numbers: no error
	return b
}

// manySettings returns the settings for n functions in three regions.
func manySettings(n int) []settings {
	regions := [...]string{region, "eu-west-1", "ap-southeast-2"}
	all := make([]settings, n)
	for i := range all {
		all[i] = settings{"function_name": fmt.Sprintf("function-%d", i), "region": regions[i%len(regions)]}
	}
	return all
}

var errNotLambda = errors.New("not a Lambda backend")
