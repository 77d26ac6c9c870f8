// Package network keeps the issuer inside the sandbox: it connects to this machine, and to the addresses it was given, only.
package network

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Seal decides where a connection goes. Names that no --resolve flag maps are not looked up anywhere.
type Seal struct {
	addresses map[string]string
}

// OutsideError says that a connection would leave the sandbox.
type OutsideError struct {
	Address string
}

// Error says what to do.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("%s is outside the sandbox, so the issuer does not connect to it; if something plays it here, "+
		"give its address with --resolve host=address", e.Address)
}

// Resolve maps a host name to an address, with or without a port; entry has the form host=address.
func (s *Seal) Resolve(entry string) error {
	host, address, ok := strings.Cut(entry, "=")
	if !ok || host == "" || address == "" {
		return fmt.Errorf("%q is not of the form host=address", entry)
	}
	if s.addresses == nil {
		s.addresses = map[string]string{}
	}
	s.addresses[strings.ToLower(host)] = address
	return nil
}

// Address returns where to connect for host and port.
func (s *Seal) Address(host, port string) (string, error) {
	if address, ok := s.addresses[strings.ToLower(host)]; ok {
		if _, _, err := net.SplitHostPort(address); err == nil {
			return address, nil
		}
		return net.JoinHostPort(strings.Trim(address, "[]"), port), nil
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", &OutsideError{Address: net.JoinHostPort(host, port)}
	}
	return net.JoinHostPort(host, port), nil
}

// DialContext is for http.Transport.
func (s *Seal) DialContext(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	address, err := s.Address(host, port)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return dialer.DialContext(ctx, network, address)
}

// Transport returns an HTTP transport behind the seal. It takes no proxy, which would undo it.
func (s *Seal) Transport() *http.Transport {
	return &http.Transport{
		DialContext:           s.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	}
}
