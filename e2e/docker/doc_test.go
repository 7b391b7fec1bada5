// Package docker tests the Dockerfile, compose.yaml and what belongs to them, without a container
// engine. What RUN says is run on this machine, in a directory of its own; what ends up in the
// image is in another, and where the tests may, they run it there as the image's user, with that
// directory as the root of the file system.
//
// It has a module of its own for the sake of BuildKit's parser and Compose's.
//
// Read docker_test.go first: where things are. Then:
//
//   - dockerfile_test.go, image_test.go: what the image is built from, and what is in it
//   - container_linux_test.go, running_linux_test.go: the image's file system at work
//   - compose_test.go, functions_test.go: compose.yaml, and the functions that it creates
package docker
