package backend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
)

const (
	// refreshEarly is how long before their end credentials are replaced, in the
	// background.
	refreshEarly = time.Minute
	// lookupPause is how long after a lookup that failed there is no other.
	lookupPause = 5 * time.Second
	// lookupTimeout bounds a lookup. The SDK's chain takes 12 seconds to find out that
	// there is no metadata service.
	lookupTimeout = 30 * time.Second
)

// keeper has the credentials that backends sign with. It looks for them when it is
// made, in the background before they expire, and again where there were none; a
// request waits for that only while nothing is known yet. (The SDK's own
// Credentials make each request wait, and do not remember that there was nothing.)
//
// A lookup is a goroutine that ends by itself, within lookupTimeout. Requests start it:
// a gateway at rest looks for nothing.
type keeper struct {
	// find makes credentials that have still to be retrieved. expired tells that AWS has
	// refused those of the last time.
	find   func(expired bool) (*credentials.Credentials, error)
	where  string // find looks; for the log
	logger Logger
	now    func() time.Time

	mu      sync.Mutex
	value   credentials.Value // zero for none
	lease   int               // counts the values
	source  *credentials.Credentials
	expires time.Time     // zero where the source does not tell
	expired bool          // AWS has refused the last value
	err     error         // of the last lookup
	again   time.Time     // the earliest time of the next lookup that nobody waits for
	running chan struct{} // closed at the end of the lookup under way; nil for none
}

// get returns credentials, and their lease for refuse. It waits where they are being
// looked for and the lookup before has not failed, until ctx is done. Its error is what
// the last lookup failed of, or the context's.
func (k *keeper) get(ctx context.Context) (value credentials.Value, lease int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		now := k.now()
		usable := k.value.HasKeys() && (k.expires.IsZero() || now.Before(k.expires))
		if !usable && k.err == nil || !now.Before(k.again) && (!usable || k.due(now)) {
			k.look()
		}
		switch {
		case usable:
			return k.value, k.lease, nil
		case k.err != nil:
			return credentials.Value{}, 0, k.err
		}
		running := k.running
		k.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			err = ctx.Err()
		}
		k.mu.Lock()
		if err != nil {
			return credentials.Value{}, 0, err
		}
	}
}

// due tells whether credentials that are still good are to be replaced. A source that
// tells no end has one of its own before that, and says when it has come.
func (k *keeper) due(now time.Time) bool {
	if k.expires.IsZero() {
		return k.running == nil && k.source.IsExpired() // which waits for a lookup
	}
	return !now.Before(k.expires.Add(-refreshEarly))
}

// refuse tells that AWS takes the credentials with this lease for expired. The next get
// waits for others, unless somebody has got them meanwhile.
func (k *keeper) refuse(lease int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if lease == k.lease {
		k.value, k.expired, k.err = credentials.Value{}, true, nil
	}
}

// look starts a lookup unless one is under way. k.mu is held.
func (k *keeper) look() {
	if k.running != nil {
		return
	}
	running := make(chan struct{})
	k.running = running
	expired := k.expired
	go func() {
		value, expires, source, err := k.retrieve(expired)
		k.mu.Lock()
		defer k.mu.Unlock()
		defer close(running)
		k.running = nil
		now := k.now()
		if err == nil && !expires.IsZero() && !now.Before(expires) {
			err = fmt.Errorf("those that were found have expired at %s", expires.UTC().Format(time.RFC3339))
		}
		k.done(now, err)
		if err == nil {
			k.value, k.expires, k.source, k.expired = value, expires, source, false
			k.lease++
		}
	}()
}

// done remembers and logs how a lookup has ended. k.mu is held.
func (k *keeper) done(now time.Time, err error) {
	before := k.err
	k.err = nil
	if err != nil {
		k.err = &credentialsError{k.where, err}
	}
	// Credentials that live for no longer than refreshEarly are not to be looked for in
	// every request, either.
	k.again = now.Add(lookupPause)
	switch {
	case err == nil && before != nil:
		k.logger.Info("[Lambda]", "found AWS credentials in "+k.where)
	case err == nil:
	case k.value.HasKeys():
		k.logger.Warning("[Lambda]", "no new "+k.err.Error()+"; those of before stay in use until they expire")
	case before == nil:
		k.logger.Error("[Lambda]", "no "+k.err.Error()+"; until there are some, each call fails")
	}
}

// retrieve is a lookup.
func (k *keeper) retrieve(expired bool) (value credentials.Value, expires time.Time, source *credentials.Credentials, err error) {
	defer func() {
		if v := recover(); v != nil { // out of reach of whoever could answer for it
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if source, err = k.find(expired); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	if value, err = source.GetWithContext(ctx); err != nil {
		return
	}
	if !value.HasKeys() {
		err = errors.New("access key id and secret access key are empty")
		return
	}
	expires, _ = source.ExpiresAt() // zero where the source does not tell
	return
}

// credentialsError is what a lookup of credentials failed of.
type credentialsError struct {
	where string
	err   error
}

func (e *credentialsError) Error() string {
	return "AWS credentials in " + e.where + ": " + explain(e.err)
}

func (e *credentialsError) Unwrap() error { return e.err }
