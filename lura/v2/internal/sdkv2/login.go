package sdkv2

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
)

// checkLogin returns an error if the credentials of a config come from `aws login` and its cache
// file contains null. The SDK's provider panics on null (credentials v1.19.12 to v1.21.0), in a goroutine where
// nothing can recover it. The SDK reports all other faults of the file.
func checkLogin(cfg aws.Config) error {
	if !slices.Contains(sourcesOf(cfg.Credentials), aws.CredentialSourceLogin) {
		return nil
	}
	for _, source := range cfg.ConfigSources {
		shared, ok := source.(sdkconfig.SharedConfig)
		if !ok {
			continue
		}
		file, err := logincreds.StandardCachedTokenFilepath(shared.LoginSession, os.Getenv("AWS_LOGIN_CACHE_DIRECTORY"))
		if err != nil {
			return nil
		}
		//nolint:gosec // G304: the operator's environment names the directory
		content, err := os.ReadFile(file)
		var token *struct{}
		if err == nil && json.Unmarshal(content, &token) == nil && token == nil {
			return fmt.Errorf("%s, the cache file of aws login, contains null: run aws login again", file)
		}
	}
	return nil
}
