package main

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"issuer/internal/issue"
	"issuer/internal/kube"
	"issuer/internal/settings"
)

// report is the output of --json after success.
type report struct {
	// Result is issued, renewed or reused.
	Result    string    `json:"result"`
	Host      string    `json:"host"`
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// Challenge is http-01 or dns-01, and empty if the CA required none; Credential is null if none was used.
	Challenge  string            `json:"challenge"`
	Credential *issue.Credential `json:"credential"`
	// Directory is the directory URL in the pod's settings. A reused certificate may be from another CA.
	Directory string `json:"directory"`
	// Storage is the storage directory in the container, and StorageDir the one on this machine; empty if nothing
	// is stored.
	Storage    string `json:"storage"`
	StorageDir string `json:"storageDir"`
	Pod        string `json:"pod"`
}

// failure is the output of --json after a failure.
type failure struct {
	Error string `json:"error"`
}

func newReport(pod *kube.Pod, config settings.Settings, storageDir string, outcome *issue.Outcome) *report {
	certificate := outcome.Certificate
	return &report{
		Result:     outcome.Result,
		Host:       config.Host,
		Subject:    subject(certificate),
		Issuer:     certificate.Issuer.String(),
		Serial:     certificate.SerialNumber.Text(16),
		NotBefore:  certificate.NotBefore.UTC(),
		NotAfter:   certificate.NotAfter.UTC(),
		Challenge:  outcome.Challenge,
		Credential: outcome.Credential,
		Directory:  config.Directory,
		Storage:    config.StorageDir,
		StorageDir: storageDir,
		Pod:        pod.Metadata.Name,
	}
}

// subject is the certificate's subject or, for a CA that leaves it empty, as Pebble does, the certificate's names.
func subject(certificate *x509.Certificate) string {
	if name := certificate.Subject.String(); name != "" {
		return name
	}
	return "DNS:" + strings.Join(certificate.DNSNames, ", DNS:")
}

func (r *report) print(w io.Writer) {
	// Redaction works on whole writes, and a tabwriter writes in parts.
	var text bytes.Buffer
	fmt.Fprintf(&text, "Certificate for %s: %s\n", r.Host, r.Result)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"subject", r.Subject},
		{"issuer", r.Issuer},
		{"challenge", r.challenge()},
		{"credential", r.credential()},
		{"not before", r.NotBefore.Format(time.RFC3339)},
		{"expires", fmt.Sprintf("%s (in %d days)", r.NotAfter.Format(time.RFC3339), int(time.Until(r.NotAfter).Hours()/24))},
		{"directory", r.Directory},
		{"storage", fmt.Sprintf("%s (%s)", r.Storage, cmp.Or(r.StorageDir, "not stored"))},
	} {
		fmt.Fprintf(table, "  %s\t%s\n", row[0], row[1])
	}
	_ = table.Flush()
	_, _ = text.WriteTo(w)
}

func (r *report) challenge() string {
	switch {
	case r.Challenge != "":
		return r.Challenge
	case r.Result == issue.Reused:
		return "none: the stored certificate is reused, regardless of the present directory URL and credential"
	default:
		return "none: the CA accepted an earlier validation"
	}
}

func (r *report) credential() string {
	if r.Credential == nil {
		return "none used"
	}
	return r.Credential.String()
}

func printJSON(w io.Writer, value any) {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	// Neither type fails to encode.
	_ = encoder.Encode(value)
}
