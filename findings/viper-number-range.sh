#!/usr/bin/env bash
# A Go program reads its configuration into a struct with viper's Unmarshal: port uint16, retries
# uint8, workers uint, percent int. The file has numbers that these types cannot hold: port 70000,
# retries 256, workers -1, percent 2.9. A variable of the environment sets another port to 70000.
# Expected: an error, as encoding/json returns for all four.
# What happens: from the file, there is no error: the port is 4464, retries are 0, workers are
# 18446744073709551615, and percent is 2. Only the port from the environment, which is text, is an
# error. The decoder of viper and koanf, mapstructure, does not check the range of numbers (go-viper's
# tracker does not have that; gobgp found it in pull request 3553). viper's GetUint16 returns 4464 for
# both, see spf13/cast's open pull request 342.
# Why it matters: a mistake in a file is another valid configuration. The service listens on the
# wrong port or never retries, and a limit of -1 is no limit.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"

	parser "github.com/knadh/koanf/parsers/json"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/viper"
)

type settings struct {
	Port    uint16
	Retries uint8
	Workers uint
	Percent int
}

func main() {
	const text = `{"port": 70000, "retries": 256, "workers": -1, "percent": 2.9}`
	for _, member := range []string{`{"port": 70000}`, `{"retries": 256}`, `{"workers": -1}`, `{"percent": 2.9}`} {
		var s settings
		err := json.Unmarshal([]byte(member), &s)
		fmt.Println("encoding/json:", err)
		if err == nil {
			log.Fatal("the behaviour has changed")
		}
	}

	var byViper, byKoanf, byEnvironment settings
	v := viper.New()
	v.SetConfigType("json")
	if err := v.ReadConfig(strings.NewReader(text)); err != nil {
		log.Fatal(err)
	}
	viperErr := v.Unmarshal(&byViper)
	fmt.Printf("viper, file: %+v, error: %v\n", byViper, viperErr)

	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider([]byte(text)), parser.Parser()); err != nil {
		log.Fatal(err)
	}
	koanfErr := k.Unmarshal("", &byKoanf)
	fmt.Printf("koanf, file: %+v, error: %v\n", byKoanf, koanfErr)

	if err := os.Setenv("PORT", "70000"); err != nil {
		log.Fatal(err)
	}
	e := viper.New()
	if err := e.BindEnv("port"); err != nil {
		log.Fatal(err)
	}
	environmentErr := e.Unmarshal(&byEnvironment)
	fmt.Printf("viper, environment: %+v, error: %v\nGetUint16: %d and %d\n",
		byEnvironment, environmentErr, v.GetUint16("port"), e.GetUint16("port"))

	want := settings{Port: 4464, Retries: 0, Workers: 18446744073709551615, Percent: 2}
	if byViper != want || byKoanf != want || viperErr != nil || koanfErr != nil || environmentErr == nil {
		log.Fatal("the behaviour has changed")
	}
}
GO

if ! { go mod init example.test/finding &&
	go get github.com/spf13/viper@v1.21.0 github.com/knadh/koanf/v2@v2.4.1 github.com/go-viper/mapstructure/v2@v2.5.0 \
		github.com/knadh/koanf/parsers/json@v1.0.1 github.com/knadh/koanf/providers/rawbytes@v1.0.0 &&
	go mod tidy; } >setup.log 2>&1; then
	cat setup.log >&2
	exit 1
fi
go list -m github.com/spf13/viper github.com/knadh/koanf/v2 github.com/go-viper/mapstructure/v2
go run .
