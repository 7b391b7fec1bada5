package load

import (
	"bytes"
	"fmt"
)

// Document is a JSON object of an exact size: a list of articles of half a
// kilobyte each, between a few fields.
type Document struct {
	Bytes []byte
	items int
}

const (
	marker = "invoked"
	fields = 4
	head   = `{"marker":"` + marker + `","number":12345678901,"items":[`
	middle = `],"padding":"`
	tail   = `"}`
	item   = `{"id":%07d,"name":"Darjeeling First Flush","price":12.95,"stock":250,"tags":["tea","black"],"description":"` + text + `"}`
	text   = "The first leaves of the year, picked in March and April on the slopes above the Rangeet. " +
		"They are withered for a night, rolled once, and dried before they turn dark, so the cup is " +
		"pale and tastes of grapes and almonds. Brew it with water that has stopped boiling, for two " +
		"minutes and a half, and once more for three. It needs no milk and keeps for a year in a tin."
)

// MinDocument is the size in bytes of the smallest document.
const MinDocument = len(head) + len(middle) + len(tail)

// NewDocument returns the document of size bytes, which must be at least [MinDocument].
func NewDocument(size int) (Document, error) {
	if size < MinDocument {
		return Document{}, fmt.Errorf("a document has %d bytes or more, not %d", MinDocument, size)
	}
	each := len(fmt.Sprintf(item, firstID)) + len(",")
	items := (size - MinDocument) / each
	d := document(items, 0)
	return document(items, size-len(d.Bytes)), nil
}

// firstID has as many digits as all others: JSON numbers have no leading zeros.
const firstID = 1_000_000

func document(items, padding int) Document {
	var b bytes.Buffer
	b.WriteString(head)
	for i := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, item, firstID+i)
	}
	b.WriteString(middle)
	b.Write(bytes.Repeat([]byte{'x'}, padding))
	b.WriteString(tail)
	return Document{Bytes: b.Bytes(), items: items}
}

// Matches tells whether data is the document, decoded. It looks at what a wrong or a
// truncated reply would lack, and at no more.
func (d Document) Matches(data map[string]any) bool {
	items, ok := data["items"].([]any)
	return ok && len(data) == fields && len(items) == d.items && data["marker"] == marker
}
