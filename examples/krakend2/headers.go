package main

import "github.com/luraproject/lura/v2/config"

// ownHeaders returns the backend's own list of headers. It may be empty. In such a list, "*" is the
// name of a header.
func ownHeaders(b *config.Backend) []string { return b.HeadersToPass }
