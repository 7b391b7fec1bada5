package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const docs = "../../../docs/"

// series are the labels of each metric, by its name in Prometheus.
func series(scrape string) map[string][]string {
	all := map[string][]string{}
	label := regexp.MustCompile(`(\w+)="`)
	for line := range strings.Lines(scrape) {
		name, labels, ok := strings.Cut(line, "{")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, m := range label.FindAllStringSubmatch(labels, -1) {
			if !slices.Contains(all[name], m[1]) {
				all[name] = append(all[name], m[1])
			}
		}
	}
	return all
}

// The words of PromQL in the expressions of the documentation.
var (
	added     = []string{"instance", "job"} // labels, by Prometheus itself
	operators = []string{"sum", "by", "rate", "increase", "histogram_quantile"}
	word      = regexp.MustCompile(`[a-zA-Z_]\w*`)
	notWords  = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]`) // strings and ranges
	selector  = regexp.MustCompile(`(krakend_lambda_\w+)\{([^}]*)\}`)
	// grouped is an aggregation of one metric by labels.
	grouped = regexp.MustCompile(`by \(([^)]*)\) \((?:rate|increase)\((\w+)`)
)

// checkPromQL returns an error for each name in an expression that the gateway does not export.
func checkPromQL(expr string, exported map[string][]string) (errs []error) {
	expr = notWords.ReplaceAllString(expr, "")
	var labels []string
	for _, all := range exported {
		labels = append(labels, all...)
	}
	labels = append(labels, added...)
	for _, w := range word.FindAllString(expr, -1) {
		if exported[w] == nil && !slices.Contains(labels, w) && !slices.Contains(operators, w) {
			errs = append(errs, fmt.Errorf("%s: there is no %s", expr, w))
		}
	}
	check := func(metric, labels string) {
		for _, l := range word.FindAllString(labels, -1) {
			if !slices.Contains(exported[metric], l) && !slices.Contains(added, l) {
				errs = append(errs, fmt.Errorf("%s: %s has no label %s", expr, metric, l))
			}
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		check(m[1], m[2])
	}
	for _, m := range grouped.FindAllStringSubmatch(expr, -1) {
		check(m[2], m[1])
	}
	return errs
}

// The dashboard uses all metrics of the gateway, and no others.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(docs + "grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	exported := series(everything(t).scrape())
	var exprs string
	for i, p := range dashboard.Panels {
		if len(p.Targets) == 0 || p.Title == "" || p.ID != i+1 {
			t.Errorf("panel %d: got %+v", i+1, p)
		}
		for _, target := range p.Targets {
			exprs += target.Expr + "\n"
			for _, err := range checkPromQL(target.Expr, exported) {
				t.Errorf("%s: %v", p.Title, err)
			}
			for _, m := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if !strings.Contains(target.Expr, m[1]) {
					t.Errorf("%s: the legend has %s, which the query does not group by", p.Title, m[1])
				}
			}
		}
	}
	if len(dashboard.Panels) == 0 {
		t.Error("got no panels")
	}
	for name := range exported {
		if strings.HasPrefix(name, "krakend_lambda_") && !strings.HasSuffix(name, "_sum") && !regexp.MustCompile(strings.TrimSuffix(name, "_count")+`(_bucket|_count|\b)`).MatchString(exprs) {
			t.Errorf("no panel shows %s", name)
		}
	}
	variables := fmt.Sprint(dashboard.Templating)
	for _, name := range []string{"datasource", "function", "krakend_lambda_attempts_total", "faas_invoked_name"} {
		if !strings.Contains(variables, name) {
			t.Errorf("the variables %s lack %s", variables, name)
		}
	}
}

// The alerts use only metrics of the gateway.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile(docs + "prometheus-alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert       string
				Expr        string
				For         string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	monitoring, err := os.ReadFile(docs + "monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	exported := series(everything(t).scrape())
	rules := 0
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			rules++
			for _, err := range checkPromQL(r.Expr, exported) {
				t.Errorf("%s: %v", r.Alert, err)
			}
			if r.For == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("%s: got %+v", r.Alert, r)
			}
			for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(r.Annotations["summary"], -1) {
				if m[1] != "instance" && !strings.Contains(r.Expr, m[1]) {
					t.Errorf("%s: the summary has %s, which the expression does not group by", r.Alert, m[1])
				}
			}
			if !strings.Contains(string(monitoring), "`"+r.Alert+"`") {
				t.Errorf("docs/monitoring.md does not say what to do for %s", r.Alert)
			}
		}
	}
	if rules == 0 {
		t.Error("got no alerts")
	}
}

// docs/monitoring.md has each metric by its name in Prometheus.
func TestMetricsAreDocumented(t *testing.T) {
	monitoring, err := os.ReadFile(docs + "monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range series(everything(t).scrape()) {
		name = regexp.MustCompile(`_(bucket|count|sum)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "krakend_lambda_") && !strings.Contains(string(monitoring), "`"+name+"`") {
			t.Errorf("docs/monitoring.md does not have %s", name)
		}
	}
}

// checkPromQL finds names that do not exist.
func TestCheckPromQL(t *testing.T) {
	exported := map[string][]string{"krakend_lambda_attempts_total": {"faas_invoked_name"}, "krakend_lambda_errors_total": {"error_type"}}
	for expr, want := range map[string]string{
		`sum by (faas_invoked_name) (rate(krakend_lambda_attempts_total{faas_invoked_name=~"x"}[5m]))`: "",
		`rate(krakend_lambda_tries_total[5m])`:                                                         "there is no krakend_lambda_tries_total",
		`rate(krakend_lambda_attempts_total{function="x"}[5m])`:                                        "there is no function",
		`rate(krakend_lambda_attempts_total{error_type="x"}[5m])`:                                      "krakend_lambda_attempts_total has no label error_type",
		`sum by (error_type) (rate(krakend_lambda_attempts_total[5m]))`:                                "krakend_lambda_attempts_total has no label error_type",
		`summ(krakend_lambda_attempts_total)`:                                                          "there is no summ",
	} {
		errs := checkPromQL(expr, exported)
		if want == "" && errs != nil || want != "" && (len(errs) == 0 || !strings.HasSuffix(errs[0].Error(), want)) {
			t.Errorf("%s: got %v, want %q", expr, errs, want)
		}
	}
}

// The library needs only OpenTelemetry's API: a build chooses the SDK.
func TestNoSDKInTheLibrary(t *testing.T) {
	for _, module := range []string{"", "lura/", "lura/v2/", "lambdatest/"} {
		text, err := os.ReadFile("../../../" + module + "go.mod")
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(`go\.opentelemetry\.io/otel/(sdk|exporters)\S*`).Find(text); m != nil {
			t.Errorf("%sgo.mod requires %s", module, m)
		}
	}
}
