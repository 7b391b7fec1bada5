package credentials

import (
	"cmp"
	"os"
)

// Environment names the environment as a place for Options.Where. If it has only one half of a
// key, the AWS SDKs ignore that half and search the next place, so Environment says which half is
// missing, and returns true for Options.HalfKey. Both SDKs know the short names too.
func Environment() (place string, halfKey bool) {
	const environment = "the environment"
	id := cmp.Or(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_ACCESS_KEY"))
	secret := cmp.Or(os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SECRET_KEY"))
	switch {
	case id != "" && secret == "":
		return environment + " (without AWS_SECRET_ACCESS_KEY)", true
	case id == "" && secret != "":
		return environment + " (without AWS_ACCESS_KEY_ID)", true
	}
	return environment, false
}
