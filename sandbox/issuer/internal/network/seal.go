// Package network keeps the issuer inside the sandbox: it connects only to this machine and to given addresses.
package network

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Seal determines the destination of a connection. Names without a --resolve flag are not resolved.
type Seal struct {
	addresses map[string]string
}

// OutsideError is the error of a connection that would leave the sandbox.
type OutsideError struct {
	Address string
}

// Error includes the fix.
func (e *OutsideError) Error() string {
	return fmt.Sprintf("%s is outside the sandbox, so the issuer does not connect to it; if the sandbox emulates it, "+
		"set its address with --resolve host=address", e.Address)
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

// Address returns the destination for host and port.
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

// DialContext implements the dialer of http.Transport.
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

// Transport returns a sealed HTTP transport. It uses no proxy, which would bypass the seal.
func (s *Seal) Transport() *http.Transport {
	return &http.Transport{
		DialContext:           s.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
	}
}
