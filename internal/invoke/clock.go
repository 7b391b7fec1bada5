package invoke

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// maxSkew is how far the clock may be off before it is corrected. AWS takes signatures that are
// five minutes off: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
const maxSkew = 4 * time.Minute

// Clock is by how much AWS's time differs from the machine's, as the answers of one endpoint tell.
// The zero value is by nothing. All clients of an endpoint can share one, so that a clock that is
// off costs one refused attempt and not one for each role. Different endpoints must not: a wrong
// Date of one would have the calls of the others refused. It is safe for concurrent use.
type Clock struct {
	offset atomic.Int64
	warned atomic.Bool // the operator has been told that the machine's clock is off
}

// at returns AWS's time.
func (c *Clock) at(now time.Time) time.Time { return now.Add(time.Duration(c.offset.Load())) }

// correct takes AWS's time from the Date of an answer that refuses a call for its time. sent is
// the time that the call was signed with, now the machine's. It returns by how much AWS's time
// differs from the machine's, and is false where the time was not what AWS refused.
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

// DescribeSkew says by how much the clock of this machine differs from AWS's, for the error of a
// call that AWS may have refused for its time: "the clock of this machine is 10m0s behind AWS's". It
// goes by the error's code and the Date of the answer, and is empty where the code says otherwise,
// where there is no Date, and where the difference is under four minutes.
func DescribeSkew(code string, h http.Header, now time.Time) string {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || !skewCodes[code] || date.Sub(now).Abs() < maxSkew {
		return ""
	}
	return describeOffset(date.Sub(now))
}

// describeOffset says by how much AWS's time differs from the machine's.
func describeOffset(offset time.Duration) string {
	direction := "behind"
	if offset < 0 {
		direction = "ahead of"
	}
	return fmt.Sprintf("the clock of this machine is %v %s AWS's", offset.Abs().Round(time.Second), direction)
}
