module github.com/devopsfaith/krakend-lambda/bench/lura1/published

go 1.25

require (
	github.com/devopsfaith/krakend-lambda v1.4.0
	github.com/devopsfaith/krakend-lambda/bench/load v0.0.0
	github.com/luraproject/lura v1.4.1
)

require (
	github.com/aws/aws-sdk-go v1.55.8 // indirect
	github.com/devopsfaith/flatmap v0.0.0-20200601181759-8521186182fc // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	github.com/valyala/fastrand v1.0.0 // indirect
)

// The published module bears the path of this repository's, so it is not replaced here.
replace github.com/devopsfaith/krakend-lambda/bench/load => ../../load
