package credentials

import (
	"strconv"
	"time"
)

// maxRefusals is how often in a row AWS refuses new credentials of one endpoint before that
// endpoint stops asking for more at once.
const maxRefusals = 5

// MarkValid tells that AWS took the credentials of a version: it answered in any way but with a
// refusal of them. It costs next to nothing unless this endpoint has refused some.
func (v *View) MarkValid(version uint64) {
	if !v.troubled.Load() {
		return
	}
	c := v.cache
	c.mu.Lock()
	recovered := v.clear(version)
	c.mu.Unlock()
	if recovered {
		c.o.Logger.Info(logPrefix, v.endpoint+" accepts the AWS credentials in "+c.o.Where+" again")
	}
}

// clear ends the trouble of v, and tells whether the log has to hear of it. c.mu is held.
func (v *View) clear(version uint64) (recovered bool) {
	c := v.cache
	switch {
	case version <= v.refused || version < c.keys:
		return false // an answer from before the trouble
	case v.invalid == c.keys && time.Since(c.renewedAt) < longPause:
		// The endpoint takes a key and refuses it in turns. Each refusal would start a lookup
		// if the pauses were forgotten.
		return false
	}
	recovered = v.reported
	v.invalid, v.refusals, v.renewalWait, v.reported = 0, 0, 0, false
	v.troubled.Store(false)
	return recovered
}

// MarkExpired tells that AWS takes the credentials of a version for expired. Retrieve does not
// hand them out through this View again. If they are the current ones, a renewal starts at
// once, or five seconds after the last one. Other Views keep the current credentials. After five
// versions in a row that AWS has refused, this View fails without waiting, and asks for at most
// one renewal a minute, until a MarkValid. A source that has changed is looked up without a
// pause, as for MarkInvalid. Versions that are not the current one are ignored.
func (v *View) MarkExpired(version uint64) {
	c := v.cache
	c.mu.Lock()
	if version != c.version || version <= v.refused {
		c.mu.Unlock()
		return
	}
	now := time.Now()
	v.troubled.Store(true)
	v.refused, v.refusedAt, v.lookups = version, now, c.lookups
	v.refusals++
	failing := v.refusals >= maxRefusals && !v.reported
	v.reported = v.reported || failing
	v.request(now, c.usable())
	c.mu.Unlock()
	if failing {
		c.o.Logger.Error(logPrefix, v.refusal().Error()+", "+strconv.Itoa(maxRefusals)+" times in a row; its calls fail, and new credentials are looked up once a minute")
	}
}

// MarkInvalid tells that AWS does not know the key of a version, or that it has another secret:
// the operator may have replaced it. Retrieve goes on handing the key out until another one is
// found. A renewal starts at once, or a second after the last one (five for credentials that
// expire). While it finds the same key, the pause before the next one doubles, up to a minute. A
// new key resets it, and so does MarkValid: for the same key after a minute. Where
// Options.Revision tells that the source has changed, the renewal does not wait for the end of
// the pause. Versions of an older key are ignored.
func (v *View) MarkInvalid(version uint64) {
	c := v.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if version < c.keys || version > c.version || !c.usable() {
		return
	}
	v.troubled.Store(true)
	if v.invalid != c.keys {
		v.invalid = c.keys
		v.refusals++
	}
	pause := renewalPause
	if c.current.Expires.IsZero() {
		pause = keyPause
	}
	c.renew(time.Now(), v.renewal(max(pause, v.renewalWait)))
}

// renewal returns the earliest time of a renewal that v asks for: after a pause since the last
// one, which any View may have asked for. c.mu is held.
func (v *View) renewal(pause time.Duration) time.Time {
	if v.refusals >= maxRefusals {
		pause = longPause
	}
	return v.cache.renewedAt.Add(pause)
}
