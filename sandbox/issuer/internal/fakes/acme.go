package fakes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Challenges is a real pebble-challtestsrv, the DNS server of a test.
type Challenges struct {
	// DNS is the server's address, and management the address of the API that sets records.
	DNS        string
	management string
}

// StartChallenges starts pebble-challtestsrv, or skips the test if it is not on PATH.
func StartChallenges(t testing.TB) *Challenges {
	t.Helper()
	c := &Challenges{DNS: freeAddress(t), management: freeAddress(t)}
	start(t, nil, "pebble-challtestsrv", "-dnsserver", c.DNS, "-management", c.management, "-defaultIPv6", "",
		"-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	waitFor(t, c.management)
	return c
}

// SetTXT adds a TXT record; ClearTXT removes those of a name.
func (c *Challenges) SetTXT(name, value string) {
	c.post("set-txt", map[string]string{"host": name, "value": value})
}

// ClearTXT removes the TXT records of a name.
func (c *Challenges) ClearTXT(name string) {
	c.post("clear-txt", map[string]string{"host": name})
}

// post ignores errors: a missing record makes the test fail anyway.
func (c *Challenges) post(path string, body map[string]string) {
	raw, _ := json.Marshal(body)
	response, err := http.Post("http://"+c.management+"/"+path, "application/json", bytes.NewReader(raw))
	if err == nil {
		_ = response.Body.Close()
	}
}

// Pebble is a real Pebble, the CA of a test.
type Pebble struct {
	// Directory is its URL, CAFile the root of its HTTPS certificate, HTTPAddress the destination of its http-01
	// requests.
	Directory, CAFile, HTTPAddress string

	t                   testing.TB
	listen, config, dns string
	stop                func()
}

// StartPebble starts Pebble, or skips the test if it is not on PATH. Its certificate is also valid for names.
func StartPebble(t testing.TB, pki *PKI, dns *Challenges, names ...string) *Pebble {
	t.Helper()
	dir := t.TempDir()
	certificate, key := pki.Issue(t, names...)
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := &Pebble{t: t, listen: freeAddress(t), HTTPAddress: freeAddress(t), CAFile: write("root.pem", pki.PEM), dns: dns.DNS}
	p.Directory = "https://" + p.listen + "/dir"
	_, httpPort, err := net.SplitHostPort(p.HTTPAddress)
	if err != nil {
		t.Fatal(err)
	}
	p.config = write("config.json", fmt.Appendf(nil, `{"pebble":{"listenAddress":%q,"managementListenAddress":"",
		"certificate":%q,"privateKey":%q,"httpPort":%s,"tlsPort":1,"retryAfter":{"authz":1,"order":1},
		"profiles":{"default":{"description":"default","validityPeriod":7776000}}}}`,
		p.listen, write("cert.pem", certificate), write("key.pem", key), httpPort))
	p.start()
	return p
}

// Address returns the address on which Pebble listens.
func (p *Pebble) Address() string { return p.listen }

// Restart restarts Pebble, which loses its accounts and its root.
func (p *Pebble) Restart() {
	p.t.Helper()
	p.stop()
	p.start()
}

func (p *Pebble) start() {
	p.t.Helper()
	// Without these settings, Pebble sleeps and fails at random, to harden its clients.
	env := []string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0"}
	p.stop = start(p.t, env, "pebble", "-config", p.config, "-dnsserver", p.dns)
	waitFor(p.t, p.listen)
}

func start(t testing.TB, env []string, name string, args ...string) (stop func()) {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on PATH", name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var output bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), env...)
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", name, output.String())
		}
	}
	t.Cleanup(stop)
	return stop
}

// freeAddress returns an address without a TCP or UDP listener.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 20 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := tcp.Addr().String()
		udp, err := net.ListenPacket("udp", address)
		_ = tcp.Close()
		if err == nil {
			_ = udp.Close()
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

func waitFor(t testing.TB, address string) {
	t.Helper()
	for range 100 {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens on %s", address)
}
