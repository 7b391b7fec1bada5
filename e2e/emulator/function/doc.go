// Command function is a Lambda function as a container image has it. The integration tests run
// it in AWS's emulator. The member "do" of the payload, or of an event's body, says what it does;
// without one it replies with the payload and the custom part of the client context.
//
// Read main.go first.
package main
