module github.com/devopsfaith/krakend-lambda/bench/load

go 1.25
