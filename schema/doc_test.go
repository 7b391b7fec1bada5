// Package schema tests the JSON Schemas of this directory: against the meta-schema, against the
// parser that they describe, against gateways, and inside KrakenD's own schema.
//
// Read schema_test.go first: how schemas are read and what the parser says. Then:
//
//   - lambda_test.go, candidates_test.go, equivalence_test.go: lambda.json compared with the parser,
//     key by key
//   - krakend_test.go: krakend.json, and the configurations of this repository
//   - merge_test.go: KrakenD's own schema
//   - validators_test.go: the schemas in ajv and in VS Code, with Node.js (make integration)
//   - documentation_test.go: the tables of docs/configuration.md
package schema
