package invoke

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// maxSkew is how far the clock may be off before it is corrected. AWS accepts signatures that
// are up to five minutes off:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
const maxSkew = 4 * time.Minute

// Clock holds the difference between AWS's time and the machine's, taken from the answers of one
// endpoint. The zero value has no difference. All clients of an endpoint can share one, so that
// a wrong clock costs one refused attempt and not one for each role. Different endpoints must
// not share one: if one of them sends a wrong Date, the calls of the others would be refused. It
// is safe for concurrent use.
type Clock struct {
	offset atomic.Int64
	warned atomic.Bool // the operator has been warned that the machine's clock is off
}

// at returns AWS's time.
func (c *Clock) at(now time.Time) time.Time { return now.Add(time.Duration(c.offset.Load())) }

// correct takes AWS's time from the Date of an answer that refuses a call for its time. sent is
// the time in the signature, and now is the machine's time. It returns the difference of AWS's
// time from the machine's, or false if the time was not the reason of the refusal.
func (c *Clock) correct(h http.Header, sent, now time.Time) (time.Duration, bool) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	if off := date.Sub(sent); off.Abs() < maxSkew {
		return 0, false
	}
	offset := date.Sub(now)
	c.offset.Store(int64(offset))
	return offset, true
}

// DescribeSkew describes the difference of this machine's clock from AWS's, for the error of a
// call that AWS may have refused for its time: "the clock of this machine is 10m0s behind
// AWS's". It uses the error's code and the Date of the answer. It returns an empty string for
// other codes, without a Date, and for a difference under four minutes.
func DescribeSkew(code string, h http.Header, now time.Time) string {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || !skewCodes[code] || date.Sub(now).Abs() < maxSkew {
		return ""
	}
	return describeOffset(date.Sub(now))
}

// describeOffset describes the difference of AWS's time from the machine's.
func describeOffset(offset time.Duration) string {
	direction := "behind"
	if offset < 0 {
		direction = "ahead of"
	}
	return fmt.Sprintf("the clock of this machine is %v %s AWS's", offset.Abs().Round(time.Second), direction)
}
