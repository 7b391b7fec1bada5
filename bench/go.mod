module github.com/devopsfaith/krakend-lambda/bench

go 1.25.0

require (
	github.com/aws/aws-sdk-go v1.55.8
	github.com/devopsfaith/krakend-lambda v1.5.0
	github.com/devopsfaith/krakend-lambda/bench/load v0.0.0
	github.com/devopsfaith/krakend-lambda/lura/v2 v2.5.0
	github.com/krakendio/krakend-lambda/v2 v2.0.3
	github.com/luraproject/lura/v2 v2.14.1
)

require (
	github.com/aws/aws-lambda-go v1.54.0 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/krakend/flatmap v1.2.0 // indirect
	github.com/valyala/fastrand v1.1.0 // indirect
	golang.org/x/net v0.51.0 // indirect
	golang.org/x/text v0.34.0 // indirect
)

// For working in this repository: what is measured is beside, and so is what measures.
replace (
	github.com/devopsfaith/krakend-lambda => ../
	github.com/devopsfaith/krakend-lambda/bench/load => ./load
	github.com/devopsfaith/krakend-lambda/lura/v2 => ../lura/v2
)
