package network

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/miekg/dns"
)

// Zones is a DNS server on this machine that serves the SOA records of zones and forwards all other queries to
// another server.
//
// lego finds the zone of a name by its SOA record, and pebble-challtestsrv does not serve SOA records.
type Zones struct {
	upstream string
	apexes   map[string]bool
	server   *dns.Server
}

// ServeZones starts the server; upstream is the address of pebble-challtestsrv.
func ServeZones(upstream string, zones []string) (*Zones, error) {
	listener, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("DNS of the sandbox: %w", err)
	}
	z := &Zones{upstream: upstream, apexes: map[string]bool{}}
	for _, zone := range zones {
		z.apexes[dns.CanonicalName(zone)] = true
	}
	started := make(chan struct{})
	z.server = &dns.Server{PacketConn: listener, Handler: z, NotifyStartedFunc: func() { close(started) }}
	go func() { _ = z.server.ActivateAndServe() }()
	<-started
	return z, nil
}

// Address returns the address on which the server listens.
func (z *Zones) Address() string { return z.server.PacketConn.LocalAddr().String() }

// Close stops the server.
func (z *Zones) Close() error { return z.server.Shutdown() }

// ServeDNS handles one query.
func (z *Zones) ServeDNS(writer dns.ResponseWriter, question *dns.Msg) {
	if len(question.Question) == 1 && question.Question[0].Qtype == dns.TypeSOA {
		_ = writer.WriteMsg(z.startOfAuthority(question))
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	client := dns.Client{Net: "udp"}
	answer, _, err := client.ExchangeContext(ctx, question, z.upstream)
	if err != nil {
		answer = new(dns.Msg)
		answer.SetRcode(question, dns.RcodeServerFailure)
	}
	_ = writer.WriteMsg(answer)
}

func (z *Zones) startOfAuthority(question *dns.Msg) *dns.Msg {
	answer := new(dns.Msg)
	answer.SetReply(question)
	name := dns.CanonicalName(question.Question[0].Name)
	if z.apexes[name] {
		answer.Answer = []dns.RR{&dns.SOA{
			Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
			Ns:  "ns." + name, Mbox: "hostmaster." + name,
			Serial: 1, Refresh: 60, Retry: 60, Expire: 60, Minttl: 60,
		}}
	}
	return answer
}
