module github.com/devopsfaith/krakend-lambda/bench/lura1/ours

go 1.25

require (
	github.com/devopsfaith/krakend-lambda/bench/load v0.0.0
	github.com/devopsfaith/krakend-lambda/lura v1.5.0
	github.com/luraproject/lura v1.4.1
)

require (
	github.com/aws/aws-lambda-go v1.54.0 // indirect
	github.com/aws/aws-sdk-go v1.55.8 // indirect
	github.com/devopsfaith/flatmap v0.0.0-20200601181759-8521186182fc // indirect
	github.com/devopsfaith/krakend-lambda v1.5.0 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/valyala/fastrand v1.0.0 // indirect
)

// For working in this repository: what is measured is beside, and so is what measures.
replace (
	github.com/devopsfaith/krakend-lambda => ../../..
	github.com/devopsfaith/krakend-lambda/bench/load => ../../load
	github.com/devopsfaith/krakend-lambda/lambdatest => ../../../lambdatest
	github.com/devopsfaith/krakend-lambda/lura => ../../../lura
)
