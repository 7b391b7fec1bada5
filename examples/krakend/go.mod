module github.com/devopsfaith/krakend-lambda/examples/krakend

go 1.25

require (
	github.com/devopsfaith/krakend v1.2.0
	github.com/devopsfaith/krakend-lambda v1.5.0
	github.com/gin-gonic/gin v1.1.5-0.20170702092826-d459835d2b07
)

require (
	github.com/aws/aws-sdk-go v1.55.8 // indirect
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/devopsfaith/flatmap v0.0.0-20200601181759-8521186182fc // indirect
	github.com/gin-contrib/sse v0.0.0-20170109093832-22d885f9ecc7 // indirect
	github.com/golang/protobuf v1.0.0 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/mattn/go-isatty v0.0.3 // indirect
	github.com/stretchr/testify v1.7.2 // indirect
	github.com/ugorji/go v0.0.0-20180112141927-9831f2c3ac10 // indirect
	github.com/valyala/fastrand v1.0.0 // indirect
	golang.org/x/sys v0.0.0-20190215142949-d0b11bdaac8a // indirect
	gopkg.in/go-playground/validator.v8 v8.18.2 // indirect
	gopkg.in/yaml.v2 v2.2.8 // indirect
)

replace (
	github.com/devopsfaith/krakend-lambda => ../..
	github.com/devopsfaith/krakend-lambda/lambdatest => ../../lambdatest
)
