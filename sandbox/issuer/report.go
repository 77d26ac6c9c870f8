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

// report is what --json prints after success.
type report struct {
	// Result is issued, renewed or reused.
	Result    string    `json:"result"`
	Host      string    `json:"host"`
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// Challenge is http-01 or dns-01, and empty where the CA asked for none; Credential is null where none was used.
	Challenge  string            `json:"challenge"`
	Credential *issue.Credential `json:"credential"`
	// Directory is the CA that the pod is configured for. A reused certificate may come from another one.
	Directory string `json:"directory"`
	// Storage is the storage directory in the container, and StorageDir the one on this machine; empty where it is not kept.
	Storage    string `json:"storage"`
	StorageDir string `json:"storageDir"`
	Pod        string `json:"pod"`
}

// failure is what --json prints after a failure.
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

// subject is the certificate's subject or, since a CA may leave that empty, as Pebble does, the names it is for.
func subject(certificate *x509.Certificate) string {
	if name := certificate.Subject.String(); name != "" {
		return name
	}
	return "DNS:" + strings.Join(certificate.DNSNames, ", DNS:")
}

func (r *report) print(w io.Writer) {
	// Redaction works on whole writes, and a tabwriter makes many.
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
		{"storage", fmt.Sprintf("%s (%s)", r.Storage, cmp.Or(r.StorageDir, "not kept"))},
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
		return "none: the stored certificate is reused, whatever the directory and the credential are now"
	default:
		return "none: the CA still held an earlier validation for good"
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
	// Neither type can fail to be encoded.
	_ = encoder.Encode(value)
}
