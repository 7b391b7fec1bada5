package main

import "github.com/devopsfaith/krakend/config"

// ownHeaders returns nil: on KrakenD 1.x only endpoints have a list of headers.
func ownHeaders(*config.Backend) []string { return nil }
