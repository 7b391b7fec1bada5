package credentials

import (
	"strconv"
	"time"
)

// maxRefusals is how many new credentials in a row one endpoint may refuse before it has to wait
// for a pause to ask for more.
const maxRefusals = 5

// MarkValid tells that AWS accepted the credentials of a version: any answer other than a
// refusal of them. It costs almost nothing unless this endpoint has refused some.
func (v *View) MarkValid(version uint64) {
	if !v.troubled.Load() {
		return
	}
	c := v.cache
	c.mu.Lock()
	recovered := v.clear(version)
	c.mu.Unlock()
	if recovered {
		c.o.Logger.Info(logPrefix, v.endpoint+" accepts the AWS credentials from "+c.o.Where+" again")
	}
}

// clear ends the failure of v, and tells whether to log it. The caller holds c.mu.
func (v *View) clear(version uint64) (recovered bool) {
	c := v.cache
	switch {
	case version <= v.refused || version < c.keys:
		return false // an answer from before the failure
	case v.invalid == c.keys && time.Since(c.renewedAt) < longPause:
		// The endpoint alternately accepts and refuses a key. Each refusal would start a lookup
		// if the pauses were reset.
		return false
	}
	recovered = v.reported
	v.invalid, v.refusals, v.renewalWait, v.reported = 0, 0, 0, false
	v.troubled.Store(false)
	return recovered
}

// MarkExpired tells that AWS treats the credentials of a version as expired. Retrieve does not
// return them through this View again. If they are the current ones, a renewal starts at once,
// or five seconds after the last one. Other Views keep the current credentials. After five
// refused versions in a row, this View fails without waiting, and asks for at most one renewal a
// minute, until a MarkValid. If the source has changed, the renewal starts without a pause, as
// for MarkInvalid. MarkExpired ignores versions other than the current one.
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
		c.o.Logger.Error(logPrefix, v.refusal().Error()+", "+strconv.Itoa(maxRefusals)+" times in a row; calls to it fail, and the gateway looks for new credentials once a minute")
	}
}

// MarkInvalid tells that AWS does not know the key of a version, or that the key has another
// secret: the operator may have replaced it. Retrieve keeps returning the key until another one
// is found. A renewal starts at once, or a second after the last one (five for credentials that
// expire). While renewals find the same key, the pause doubles, up to a minute. A new key resets
// it, and so does MarkValid: for the same key after a minute. If Options.Revision shows that the
// source has changed, the renewal does not wait for the end of the pause. A mark logs a
// warning, at most once an hour for one key. MarkInvalid ignores versions of an older key.
func (v *View) MarkInvalid(version uint64) {
	c := v.cache
	c.mu.Lock()
	log := v.markInvalid(version)
	c.mu.Unlock()
	log.write(c.o.Logger)
}

// markInvalid returns the message to log. The caller holds c.mu.
func (v *View) markInvalid(version uint64) (log message) {
	c := v.cache
	if version < c.keys || version > c.version || !c.usable() {
		return message{}
	}
	v.troubled.Store(true)
	if v.invalid != c.keys {
		v.invalid = c.keys
		v.refusals++
	}
	if now := time.Now(); v.warned != c.keys || now.Sub(v.warnedAt) >= warningPause {
		v.warned, v.warnedAt = c.keys, now
		log = message{Logger.Warning, v.endpoint + " does not know the AWS access key from " + c.source() + ", or refuses its signature; the gateway looks for another key (keys in the environment need a restart)"}
	}
	pause := renewalPause
	if c.current.Expires.IsZero() {
		pause = keyPause
	}
	c.renew(time.Now(), v.renewal(max(pause, v.renewalWait)))
	return log
}

// renewal returns the earliest time of a renewal for v: after a pause since the last renewal,
// which any View may have asked for. The caller holds c.mu.
func (v *View) renewal(pause time.Duration) time.Time {
	if v.refusals >= maxRefusals {
		pause = longPause
	}
	return v.cache.renewedAt.Add(pause)
}
