package invoke

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRepeatedIn(t *testing.T) {
	long := strings.Repeat("-", 1000) + "the quick brown fox" + strings.Repeat("+", 1000)
	pieces := Payload{first: []byte("12345"), others: [][]byte{[]byte(long), nil}, size: 5 + len(long)}
	for _, tc := range []struct {
		s    string
		want bool
	}{
		{"a quick brown fox", true}, // 16 equal bytes
		{"a quick brown foe", false},
		{"the lazy dog", false},
		{"12345", false},
		{"", false},
	} {
		if got := pieces.repeatedIn(tc.s); got != tc.want {
			t.Errorf("%q: got %t, want %t", tc.s, got, tc.want)
		}
	}
	// Across two pieces.
	card := PayloadOf([]byte(strings.Repeat("-", 100) + `{"card":"4111-1`))
	card.others = [][]byte{[]byte(`111-1111-1111"}` + strings.Repeat("-", 100))}
	for s, want := range map[string]bool{"got 4111-1111-1111-1111": true, `got \"card\":\"4111-1111-11`: true, "got 11-1111-1111": false, "got 411": false} {
		if got := card.repeatedIn(s); got != want {
			t.Errorf("%q: got %t, want %t", s, got, want)
		}
	}
	for payload, want := range map[string]bool{"": false, "no such": false, "no such ": true, "no such file": true, "no such files": true} {
		if got := PayloadOf([]byte(payload)).repeatedIn("no such file"); got != want {
			t.Errorf("%q: got %t, want %t", payload, got, want)
		}
	}
}

// A payload has the same content in one piece and in many.
func TestPayload(t *testing.T) {
	for _, size := range []int{0, 1, firstPiece - 1, firstPiece, firstPiece + 1, oneWrite, oneWrite + 1, 100_000, 3*largestPiece + 5} {
		want := make([]byte, size)
		for i := range want {
			want[i] = byte(i * i >> 3)
		}
		read, err := ReadPayload(iotest.OneByteReader(bytes.NewReader(want)), math.MaxInt)
		if err != nil {
			t.Fatal(err)
		}
		for name, p := range map[string]Payload{"read": read, "in one piece": PayloadOf(want), "built": build(want)} {
			if p.Size() != size || !bytes.Equal(p.Bytes(), want) || p.digest() != sha256.Sum256(want) {
				t.Errorf("%d bytes, %s: got %d", size, name, p.Size())
			}
			r, err := p.reader()
			if err != nil {
				t.Fatal(err)
			}
			if err := iotest.TestReader(r, want); err != nil {
				t.Errorf("%d bytes, %s: %v", size, name, err)
			}
			for _, offset := range []int{0, size / 3, size} {
				got, err := io.ReadAll(io.NewSectionReader(p, int64(offset), int64(size)))
				if err != nil || !bytes.Equal(got, want[offset:]) {
					t.Errorf("%d bytes from %d, %s: got %d, %v", size, offset, name, len(got), err)
				}
			}
		}
		if one := read.others == nil; one != (size <= oneWrite) {
			t.Errorf("%d bytes have %d pieces", size, 1+len(read.others))
		}
	}
	p, err := ReadPayload(io.MultiReader(strings.NewReader("some"), iotest.ErrReader(errReset)), 100)
	if !errors.Is(err, errReset) || string(p.Bytes()) != "some" {
		t.Errorf("got %q, %v", p.Bytes(), err)
	}
}

// build returns a payload with the content p.
func build(p []byte) Payload {
	return BuildPayload(func(b []byte) []byte { return append(b, p...) })
}

// A transport must not look for the end of a payload that is empty.
func TestRequestWithoutAPayload(t *testing.T) {
	w := newWorld(good)
	if _, err := send(t.Context(), w.client(t), all(), &Request{Function: "f"}); err != nil {
		t.Fatal(err)
	}
	if r := w.attempts[0]; r.Body != http.NoBody || r.GetBody != nil || r.ContentLength != 0 {
		t.Errorf("got the body %T of %d bytes", r.Body, r.ContentLength)
	}
}

func TestReadPayloadLimit(t *testing.T) {
	for _, limit := range []int{10, firstPiece, firstPiece + 10, 3*firstPiece + 10} {
		p, err := ReadPayload(strings.NewReader(strings.Repeat("x", 5*firstPiece)), limit)
		if err != nil || p.Size() != limit || len(p.Bytes()) != limit {
			t.Errorf("got %d of %d bytes, %v", p.Size(), limit, err)
		}
	}
}

// An attempt reads all of a payload. Only one in a piece that is not reused is read in the
// attempt's own room, without a reader that is closed.
func TestReaderIn(t *testing.T) {
	want := bytes.Repeat([]byte("tea "), ownMemory)
	pieces := PayloadOf(want[:firstPiece])
	pieces.others, pieces.size = [][]byte{want[firstPiece:]}, len(want)
	reused := build(want)
	for name, p := range map[string]Payload{"one piece": PayloadOf(want), "pieces": pieces, "reused": reused} {
		var room bytes.Reader
		r := p.readerIn(&room)
		if inRoom := room.Size() > 0; inRoom != (name == "one piece") {
			t.Errorf("%s: read in the room: %t", name, inRoom)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, %v; want %d", name, len(got), err, len(want))
		}
		if name == "reused" && reused.memory.users.Load() != 2 {
			t.Errorf("%s: got %d users, want the call and the reader", name, reused.memory.users.Load())
		}
		r.Close()
	}
}
