package shop

import (
	"bytes"
	"compress/gzip"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// printed is the last change of the shop's files.
var printed = time.Date(2024, time.May, 21, 8, 30, 0, 0, time.UTC)

// leafletETag is the version of the leaflet.
const leafletETag = `"leaflet-7"`

// archiveSize is the size of the archive, in bytes.
const archiveSize = 2 << 20

// downloads are files. net/http serves them, with conditions and ranges.
func downloads(r chi.Router) {
	r.Get("/leaflet", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", leafletETag)
		serve(w, r, "leaflet.txt", []byte(strings.Repeat("Tea is best with water.\n", 40)))
	})
	r.Get("/logo.png", func(w http.ResponseWriter, r *http.Request) { serve(w, r, "logo.png", logo()) })
	r.Get("/archive", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="archive.bin"; filename*=UTF-8''th%C3%A9.bin`)
		serve(w, r, "", noise(archiveSize))
	})
	r.Get("/ledger", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for range 4000 {
			w.Write([]byte("2024-05-21  \"Assam\" <100 g> & a pot of Gyokuro 玉露 ....  39.50 €\n"))
		}
	})
	// The file itself is compressed, even if the client does not accept compression.
	r.Get("/prices.csv.gz", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.Header().Set("Content-Encoding", "gzip")
		zw := gzip.NewWriter(w)
		zw.Write([]byte("id,price\nassam,7.5\n"))
		zw.Close()
	})
	// A text with every character up to U+00FF, including NUL.
	r.Get("/alphabet", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		var text strings.Builder
		for c := rune(0); c <= 0xff; c++ {
			text.WriteRune(c)
		}
		text.WriteString("\u2028\u2029\ufeff\ufffd\U0001f375")
		w.Write([]byte(text.String()))
	})
}

func serve(w http.ResponseWriter, r *http.Request, name string, content []byte) {
	http.ServeContent(w, r, name, printed, bytes.NewReader(content))
}

// logo is a cup, seen from above.
func logo() []byte {
	const size = 64
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := x-size/2, y-size/2
			switch d := dx*dx + dy*dy; {
			case d < 24*24:
				img.Set(x, y, color.NRGBA{R: 0xb5, G: uint8(0x50 + x), B: 0x1e, A: 0xff})
			case d < 30*30:
				img.Set(x, y, color.NRGBA{R: 0xf4, G: 0xf1, B: 0xea, A: 0xff})
			}
		}
	}
	var buf bytes.Buffer
	png.Encode(&buf, img) // writes to a buffer never fail
	return buf.Bytes()
}

// noise returns n pseudo-random bytes, always the same.
func noise(n int) []byte {
	p := make([]byte, n)
	x := uint32(2463534242)
	for i := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = byte(x >> 24)
	}
	return p
}
