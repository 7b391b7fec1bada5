module github.com/devopsfaith/krakend-lambda

go 1.25

require (
	github.com/aws/aws-lambda-go v1.54.0
	github.com/aws/aws-sdk-go v1.55.8
	github.com/devopsfaith/krakend v1.2.0
	github.com/devopsfaith/krakend-lambda/lambdatest v1.5.0
)

require (
	github.com/aws/aws-sdk-go-v2 v1.41.4 // indirect
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.8 // indirect
	github.com/aws/smithy-go v1.24.2 // indirect
	github.com/devopsfaith/flatmap v0.0.0-20200601181759-8521186182fc // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/valyala/fastrand v1.0.0 // indirect
)

// For working in this repository. Builds that import this module do not see it.
replace github.com/devopsfaith/krakend-lambda/lambdatest => ./lambdatest
