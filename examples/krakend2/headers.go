package main

import "github.com/luraproject/lura/v2/config"

// ownHeaders returns the list of headers that the backend itself has, empty if it has none. In
// such a list, "*" is the name of a header.
func ownHeaders(b *config.Backend) []string { return b.HeadersToPass }
