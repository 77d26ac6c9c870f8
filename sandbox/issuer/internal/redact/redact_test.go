package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nkqhkiG9w0BAQEFAASCMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n"

func TestRedactsEveryFormOfAServiceAccountKey(t *testing.T) {
	key, err := json.Marshal(map[string]string{
		"client_email":   "issuer@project.iam.gserviceaccount.com",
		"private_key_id": "0123456789abcdef",
		"private_key":    pem,
	})
	if err != nil {
		t.Fatal(err)
	}
	var r Redactor
	r.Add(string(key))

	var out strings.Builder
	log := slog.New(slog.NewTextHandler(r.Writer(&out), nil))
	log.Info("text", "key", string(key), "pem", pem)
	log.Error("wrapped", "error", fmt.Errorf("bad key %q", pem))
	fmt.Fprintln(r.Writer(&out), string(key))
	fmt.Fprint(r.Writer(&out), pem)
	fmt.Fprintln(r.Writer(&out), "line: kqhkiG9w0BAQEFAASCMIIEvQIBADANBg")
	fmt.Fprintln(r.Writer(&out), base64.StdEncoding.EncodeToString(key))

	if got := out.String(); strings.Contains(got, "MIIEvQIB") || strings.Contains(got, "kqhkiG9w0BAQ") {
		t.Errorf("the private key is in the output:\n%s", got)
	}
}

func TestShowsWhatNamesAKeyButDoesNotOpenAnything(t *testing.T) {
	var r Redactor
	r.Add(`{"client_email":"issuer@project.iam.gserviceaccount.com","private_key_id":"0123456789abcdef","private_key":"x"}`)

	const line = "issuer@project.iam.gserviceaccount.com 0123456789abcdef"
	if got := r.String(line); got != line {
		t.Errorf("got %q, want it unchanged", got)
	}
}

func TestRedactsATokenWithATrailingNewline(t *testing.T) {
	var r Redactor
	r.Add("token-0123456789\n")

	if got := r.String("Bearer token-0123456789, twice token-0123456789"); strings.Contains(got, "token-0123456789") {
		t.Errorf("got %q", got)
	}
}

func TestLeavesWordsAlone(t *testing.T) {
	var r Redactor
	r.Add("true", "", "a")

	if got := r.String("it is true"); got != "it is true" {
		t.Errorf("got %q", got)
	}
}
