package invoke

import (
	"context"

	"github.com/devopsfaith/krakend-lambda/internal/sigv4"
)

// Credentials hands out what calls to one endpoint are signed with. Its methods are called by
// many goroutines at once, and none of them looks anything up.
type Credentials interface {
	// Retrieve returns the current credentials and their version, for the Mark methods. It
	// waits, until ctx is done, only where the first lookup is still under way or AWS has
	// refused the last credentials. Its error is what the last lookup failed of, or the
	// context's.
	Retrieve(ctx context.Context) (sigv4.Credentials, uint64, error)
	// MarkValid tells that AWS took the credentials of a version.
	MarkValid(version uint64)
	// MarkExpired tells that AWS takes the credentials of a version for expired: the next
	// Retrieve hands out newer ones or fails.
	MarkExpired(version uint64)
	// MarkInvalid tells that AWS does not know the key of a version, or that it has another
	// secret: the operator may have replaced it.
	MarkInvalid(version uint64)
}
