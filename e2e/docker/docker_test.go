package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// repository is the context of the build.
const repository = "../.."

// scratch is the directory that images are built in.
var scratch string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "krakend-lambda-docker-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	scratch = dir
	return m.Run()
}

// version is that of the image which the tests build.
const version = "v1.2.3-test"

// theImage returns the image of the Dockerfile, which is built when it is first asked
// for. It is not to be changed.
func theImage(t *testing.T) image {
	t.Helper()
	image, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return image
}

var built = sync.OnceValues(func() (image, error) {
	return build(filepath.Join(repository, "Dockerfile"), scratch, map[string]string{"VERSION": version})
})
