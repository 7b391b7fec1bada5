// Package graphql has what the adapter uses of Lura 3's package.
package graphql

// Namespace is the key of extra_config.
const Namespace = "backend/graphql"
