package leaktest

import (
	"strings"
	"testing"
)

func TestOthersSeesAGoroutine(t *testing.T) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		leftBehind(stop)
	}()
	// The goroutine may not have started its function yet.
	for !strings.Contains(others(), "leftBehind") {
	}
	close(stop)
	<-ended
	if got := others(); strings.Contains(got, "leftBehind") {
		t.Errorf("others() still has the ended goroutine:\n%s", got)
	}
}

func leftBehind(stop chan struct{}) { <-stop }
