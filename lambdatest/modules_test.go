package lambdatest_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Tests of any Go program may use this module, so it must not depend on KrakenD.
func TestModuleGraph(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}}", "all").Output()
	if err != nil {
		t.Fatal(err)
	}
	const this = "github.com/devopsfaith/krakend-lambda/lambdatest"
	modules := strings.Fields(string(out))
	if !slices.Contains(modules, this) || !slices.Contains(modules, "github.com/aws/aws-sdk-go-v2") {
		t.Fatalf("got the modules %q", modules)
	}
	for _, module := range modules {
		if module == this {
			continue
		}
		for _, unwanted := range []string{"krakend", "lura", "gin-gonic", "github.com/aws/aws-sdk-go/"} {
			if strings.Contains(module+"/", unwanted) {
				t.Errorf("%s is in the module graph", module)
			}
		}
	}
}
