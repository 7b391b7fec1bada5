module github.com/devopsfaith/krakend-lambda/e2e/soak

go 1.25

require (
	github.com/aws/aws-lambda-go v1.54.0
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2
	github.com/devopsfaith/krakend-lambda v1.5.0
	github.com/devopsfaith/krakend-lambda/examples/webapp v1.5.0
)

require (
	github.com/aws/aws-sdk-go v1.55.8 // indirect
	github.com/go-chi/chi/v5 v5.5.0 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
)

// For working in this repository: the modules under test are those beside.
replace (
	github.com/devopsfaith/krakend-lambda => ../..
	github.com/devopsfaith/krakend-lambda/examples/webapp => ../../examples/webapp
)
