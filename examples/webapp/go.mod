module github.com/devopsfaith/krakend-lambda/examples/webapp

go 1.25

require (
	github.com/aws/aws-lambda-go v1.54.0
	github.com/awslabs/aws-lambda-go-api-proxy v0.16.2
	github.com/devopsfaith/krakend-lambda v1.5.0
	github.com/go-chi/chi/v5 v5.5.0
)

require (
	github.com/aws/aws-sdk-go v1.55.8 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
)

replace github.com/devopsfaith/krakend-lambda => ../..
