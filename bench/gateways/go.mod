module github.com/devopsfaith/krakend-lambda/bench/gateways

go 1.25
