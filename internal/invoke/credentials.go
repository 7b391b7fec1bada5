package invoke

import (
	"context"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// Credentials returns the credentials for calls to one endpoint. Many goroutines call its
// methods at once, and none of the methods does a lookup.
type Credentials interface {
	// Retrieve returns the current credentials and their version, for the Mark methods. It
	// waits, until ctx is done, only while the first lookup is running, or if AWS has refused
	// the last credentials. Its error is the last lookup's, or the context's.
	Retrieve(ctx context.Context) (sigv4.Credentials, uint64, error)
	// MarkValid tells that AWS accepted the credentials of a version.
	MarkValid(version uint64)
	// MarkExpired tells that AWS treats the credentials of a version as expired: the next
	// Retrieve returns newer ones or fails.
	MarkExpired(version uint64)
	// MarkInvalid tells that AWS does not know the key of a version, or that the key has another
	// secret: the operator may have replaced it.
	MarkInvalid(version uint64)
}
