package backend

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go/aws/credentials"
)

const (
	// refreshEarly is how long before their end credentials are replaced, in the
	// background.
	refreshEarly = time.Minute
	// lookupPause is how long after a lookup there is no other, unless somebody needs it.
	lookupPause = 5 * time.Second
	// lookupTimeout bounds a lookup. The SDK's chain takes 12 seconds to find out that
	// there is no metadata service.
	lookupTimeout = 30 * time.Second

	// oldFailure is the age from which a failure is worth a new look before a request is
	// told of it. That request waits for a moment.
	oldFailure = time.Minute

	// maxRefusals is how often in a row AWS may take credentials for expired before they
	// are no longer tried.
	maxRefusals = 5
)

// keeper has the credentials that backends sign with. It looks for them when it is
// made, in the background before they expire, and again where there were none; a
// request waits for that only while nothing is known. (The SDK's own Credentials make
// each request wait, and do not remember that there was nothing.)
//
// A lookup is a goroutine that ends by itself, within lookupTimeout. Requests start it:
// a gateway at rest looks for nothing.
type keeper struct {
	// find makes credentials that have still to be retrieved. renew tells that those of
	// the last time are not good enough any more.
	find   func(renew bool) (*credentials.Credentials, error)
	where  string // find looks; for the log
	logger Logger
	now    func() time.Time

	refusals atomic.Int32 // by AWS, in a row
	signing  atomic.Pointer[signingKey]

	mu        sync.Mutex
	value     credentials.Value // zero for none
	lease     int               // counts the values
	source    *credentials.Credentials
	expires   time.Time         // zero where the source does not tell
	refused   credentials.Value // by AWS, the last time
	refusedAt time.Time
	err       error         // of the last lookup
	failed    time.Time     // when err was new
	again     time.Time     // the earliest time of the next lookup that nobody needs
	running   chan struct{} // closed at the end of the lookup under way; nil for none
	late      *retrieval    // that has outlived its lookup; nil for none. For lookups only
}

// get returns credentials, and their lease for accept, refuse and doubt. It waits, until
// ctx is done, where they are being looked for and the lookup before has not failed. Its
// error is what the last lookup failed of, or the context's.
func (k *keeper) get(ctx context.Context) (credentials.Value, int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for {
		now := k.now()
		usable := k.usable(now)
		// A source that does not tell the end is asked whether it has come.
		due := k.expires.IsZero() || !now.Before(k.expires.Add(-refreshEarly))
		if paused := now.Before(k.again); !usable && (k.err == nil || !paused) || usable && due && !paused {
			k.look(!usable || !k.expires.IsZero())
		}
		old := now.Sub(k.failed) >= oldFailure && k.running != nil
		switch {
		case usable:
			return k.value, k.lease, nil
		case k.err != nil && !old:
			return credentials.Value{}, 0, k.err
		}
		failure := k.err
		if err := k.wait(ctx, failure); err != nil {
			return credentials.Value{}, 0, err
		}
	}
}

// key is the signing key for a scope. It keeps the last one, which is good for a day.
func (k *keeper) key(s scope) *signingKey {
	key := k.signing.Load()
	if key == nil || key.scope != s {
		key = newSigningKey(s)
		k.signing.Store(key)
	}
	return key
}

// usable tells whether there are credentials that have not expired. k.mu is held.
func (k *keeper) usable(now time.Time) bool {
	return k.value.HasKeys() && (k.expires.IsZero() || now.Before(k.expires))
}

// wait returns at the end of the lookup under way, or when ctx is done with its error.
// Where there is a failure already, it is the error after a moment. k.mu is held, but not
// meanwhile.
func (k *keeper) wait(ctx context.Context, failure error) error {
	running := k.running
	k.mu.Unlock()
	defer k.mu.Lock()
	var impatient <-chan time.Time
	if failure != nil {
		timer := time.NewTimer(moment)
		defer timer.Stop()
		impatient = timer.C
	}
	select {
	case <-running:
		return nil
	case <-impatient:
		return failure
	case <-ctx.Done():
		return ctx.Err()
	}
}

// accept tells that AWS has taken credentials.
func (k *keeper) accept() {
	if k.refusals.Load() != 0 {
		k.refusals.Store(0)
	}
}

// refuse tells that AWS takes the credentials with this lease for expired. The next get
// waits for others, unless somebody has got them meanwhile. Where others are refused like
// them, that is an error for a while: it would go on with each request.
func (k *keeper) refuse(lease int) {
	k.mu.Lock()
	refused := lease == k.lease && k.value.HasKeys()
	if refused {
		k.refused, k.refusedAt, k.value, k.err = k.value, k.now(), credentials.Value{}, nil
		if refused = k.refusals.Add(1) >= maxRefusals; refused {
			k.fail(errRefused)
		}
	}
	err := k.err
	k.mu.Unlock()
	if refused {
		k.logger.Error("[Lambda]", missing(err))
	}
}

// missing is the log line for no credentials at all.
func missing(err error) string {
	return "no " + err.Error() + "; until there are some, each call fails"
}

var errRefused = errors.New("AWS takes those that were found for expired")

// doubt tells that AWS does not know the key with this lease, or not its secret: it may
// have been replaced.
func (k *keeper) doubt(lease int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if lease == k.lease && !k.now().Before(k.again) {
		k.look(true)
	}
}

// fail remembers an error, and starts the pause. k.mu is held.
func (k *keeper) fail(err error) {
	now := k.now()
	k.err, k.failed, k.again = &credentialsError{k.where, err}, now, now.Add(lookupPause)
}

// look starts a lookup unless one is under way. Where it is not sure that one is needed,
// it asks the source first. k.mu is held.
func (k *keeper) look(sure bool) {
	if k.running != nil {
		return
	}
	running := make(chan struct{})
	k.running = running
	ask, renew := k.source, k.lease > 0
	if sure {
		ask = nil
	}
	go func() {
		found, err := k.within(lookupTimeout, ask, renew)
		k.mu.Lock()
		log, message := k.settle(found, err)
		k.mu.Unlock()
		if log != nil { // not while requests wait for the lock
			log("[Lambda]", message)
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		k.running = nil
		close(running)
	}()
}

// finding is what a lookup has found.
type finding struct {
	source  *credentials.Credentials // nil where nothing has changed
	value   credentials.Value
	expires time.Time
}

// settle takes over what a lookup has found, or failed of, and returns what is to be
// logged of it, nil for nothing. k.mu is held.
func (k *keeper) settle(found finding, err error) (log func(...any), message string) {
	now, before, usable := k.now(), k.err, k.usable(k.now())
	// Credentials that live for no longer than refreshEarly are not to be looked for in
	// every request, either.
	k.again = now.Add(lookupPause)
	switch {
	case err != nil:
	case found.source == nil:
		return nil, ""
	case !found.expires.IsZero() && !now.Before(found.expires):
		err = fmt.Errorf("those that were found have expired at %s", found.expires.UTC().Format(time.RFC3339))
	case found.value == k.refused && k.refusals.Load() >= maxRefusals && now.Sub(k.refusedAt) < oldFailure:
		err = errRefused
	}
	if err == nil {
		first := k.lease == 0
		k.value, k.expires, k.source, k.err = found.value, found.expires, found.source, nil
		k.lease++
		message = "found AWS credentials in " + k.where + ": those of " + found.value.ProviderName
		switch {
		case before != nil:
			return k.logger.Info, message
		case first:
			return k.logger.Debug, message
		}
		return nil, ""
	}
	k.fail(err)
	switch ended := !usable && k.value.HasKeys(); {
	case usable && before == nil:
		return k.logger.Warning, "no new " + k.err.Error() + "; those of before stay in use until they expire"
	case before == nil, ended:
		k.value = credentials.Value{}
		return k.logger.Error, missing(k.err)
	}
	return nil, ""
}

// retrieval is the part of a lookup that may last for longer.
type retrieval struct {
	over  chan struct{}
	found finding
	err   error
}

// within is retrieve with an end: a session of the build's, or a process that makes
// credentials, may have none. What comes late is what the next lookup finds. There is never
// more than one retrieval under way.
func (k *keeper) within(limit time.Duration, ask *credentials.Credentials, renew bool) (finding, error) {
	r := k.late
	if r == nil {
		r = &retrieval{over: make(chan struct{})}
		go func() {
			defer close(r.over)
			r.found, r.err = k.retrieve(ask, renew)
		}()
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-r.over:
		k.late = nil
		return r.found, r.err
	case <-timer.C:
		k.late = r
		return finding{}, fmt.Errorf("no answer within %v", limit)
	}
}

func (k *keeper) retrieve(ask *credentials.Credentials, renew bool) (found finding, err error) {
	defer func() {
		if v := recover(); v != nil { // out of reach of whoever could answer for it
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if ask != nil && !ask.IsExpired() {
		return finding{}, nil
	}
	source, err := k.find(renew)
	if err != nil {
		return finding{}, err
	}
	value, err := source.Get()
	switch {
	case err != nil:
		return finding{}, err
	case !value.HasKeys():
		return finding{}, errors.New("access key id and secret access key are empty")
	}
	expires, _ := source.ExpiresAt() // zero where the source does not tell
	return finding{source, value, expires}, nil
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
