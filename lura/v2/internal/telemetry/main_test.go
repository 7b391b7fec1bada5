package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// recorder is a TracerProvider and a MeterProvider. It records each call in one line.
type recorder struct {
	tracenoop.TracerProvider

	mu    sync.Mutex
	lines []string
	spans byte // started spans
}

func (r *recorder) log(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// text returns the recorded lines, and clears them.
func (r *recorder) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.Join(r.lines, "\n")
	r.lines = nil
	return text
}

// span starts a recorded span, as KrakenD's own middleware does before a backend.
func (r *recorder) span(ctx context.Context) context.Context {
	ctx, _ = r.Tracer("test").Start(ctx, "stage")
	return ctx
}

func (r *recorder) Tracer(string, ...trace.TracerOption) trace.Tracer { return tracer{recorder: r} }

type tracer struct {
	tracenoop.Tracer
	recorder *recorder
}

func (t tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	t.recorder.spans++
	s := &span{recorder: t.recorder, name: name, id: t.recorder.spans}
	c := trace.NewSpanStartConfig(opts...)
	t.recorder.log("start %s %s: %s", c.SpanKind(), name, attributes(c.Attributes()))
	return trace.ContextWithSpan(ctx, s), s
}

type span struct {
	tracenoop.Span
	recorder *recorder
	name     string
	id       byte
}

func (s *span) IsRecording() bool                    { return true }
func (s *span) TracerProvider() trace.TracerProvider { return s.recorder }
func (s *span) SpanContext() trace.SpanContext       { return spanContext(s.id, true) }
func (s *span) SetStatus(c codes.Code, text string) {
	s.recorder.log("%s status %s %s", s.name, c, text)
}
func (s *span) SetAttributes(kv ...attribute.KeyValue) {
	s.recorder.log("%s attributes: %s", s.name, attributes(kv))
}
func (s *span) AddEvent(name string, opts ...trace.EventOption) {
	c := trace.NewEventConfig(opts...)
	s.recorder.log("%s event %s: %s", s.name, name, attributes(c.Attributes()))
}
func (s *span) End(...trace.SpanEndOption) { s.recorder.log("%s end", s.name) }

// spanContext returns a span context whose trace id is 0102...10.
func spanContext(span byte, sampled bool) trace.SpanContext {
	var id trace.TraceID
	for i := range id {
		id[i] = byte(i + 1)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{7: span}, TraceFlags: trace.FlagsSampled.WithSampled(sampled)})
}

func attributes(all []attribute.KeyValue) string {
	var s []string
	for _, kv := range all {
		s = append(s, string(kv.Key)+"="+kv.Value.Emit())
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// meters makes instruments that record each measurement.
type meters struct {
	metricnoop.MeterProvider
	recorder *recorder
	fails    string // the name of an instrument that is refused
}

func (m meters) Meter(string, ...metric.MeterOption) metric.Meter { return meter{meters: m} }

type meter struct {
	metricnoop.Meter
	meters meters
}

func (m meter) check(name string) error {
	if name == m.meters.fails {
		return fmt.Errorf("%s is refused", name)
	}
	return nil
}

func (m meter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return floatHistogram{recorder: m.meters.recorder, name: name}, m.check(name)
}

func (m meter) Int64Histogram(name string, _ ...metric.Int64HistogramOption) (metric.Int64Histogram, error) {
	return intHistogram{recorder: m.meters.recorder, name: name}, m.check(name)
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return counter{recorder: m.meters.recorder, name: name}, m.check(name)
}

type floatHistogram struct {
	metricnoop.Float64Histogram
	recorder *recorder
	name     string
}

func (floatHistogram) Enabled(context.Context) bool { return true }
func (h floatHistogram) Record(_ context.Context, v float64, opts ...metric.RecordOption) {
	set := metric.NewRecordConfig(opts).Attributes()
	h.recorder.log("%s %v: %s", h.name, v, attributes(set.ToSlice()))
}

type intHistogram struct {
	metricnoop.Int64Histogram
	recorder *recorder
	name     string
}

func (h intHistogram) Record(_ context.Context, v int64, opts ...metric.RecordOption) {
	set := metric.NewRecordConfig(opts).Attributes()
	h.recorder.log("%s %v: %s", h.name, v, attributes(set.ToSlice()))
}

type counter struct {
	metricnoop.Int64Counter
	recorder *recorder
	name     string
}

func (counter) Enabled(context.Context) bool { return true }
func (c counter) Add(_ context.Context, v int64, opts ...metric.AddOption) {
	set := metric.NewAddConfig(opts).Attributes()
	c.recorder.log("%s +%v: %s", c.name, v, attributes(set.ToSlice()))
}
