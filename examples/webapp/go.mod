module github.com/devopsfaith/krakend-lambda/examples/webapp

go 1.25

require (
	github.com/aws/aws-lambda-go v1.54.0
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2
	github.com/devopsfaith/krakend-lambda/lambdatest v1.5.0
)

require (
	github.com/aws/aws-sdk-go-v2 v1.41.4 // indirect
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.8 // indirect
	github.com/aws/smithy-go v1.24.2 // indirect
)

replace github.com/devopsfaith/krakend-lambda/lambdatest => ../../lambdatest
