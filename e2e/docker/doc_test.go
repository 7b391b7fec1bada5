// Package docker tests what the Dockerfile and compose.yaml say, without a container engine: it
// reads them, and runs what they run. The workflow docker.yml starts both in an engine.
//
// Read dockerfile_test.go first: the image, and the files that it is built from. Then:
//
//   - compose_test.go: compose.yaml with its krakend.json
//   - functions_test.go: the function that it creates
package docker
