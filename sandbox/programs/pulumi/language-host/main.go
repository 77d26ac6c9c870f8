// Command pulumi-language-nodejs is a language host for Pulumi programs on Node: the gRPC service by which the
// engine runs a program. It replaces Pulumi's own host, which is not available as a Go module, and supports new,
// install, up, preview, refresh, destroy and import, including policy packs. Everything else (generating code,
// running other plugins) fails with an error.
//
// The engine starts it twice for each command, reads the port from the first line of its output, and ends it.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

const (
	// Programs with large resources exceed gRPC's default of 4 MiB; Pulumi's own limit is 400 MiB.
	maxMessageBytes = 400 << 20
	// The interval of the check that the engine is alive.
	parentCheckInterval = time.Second
)

func main() {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-h") || os.Args[1] == "--help" {
		fmt.Println("usage: pulumi-language-nodejs [flags] engine-address")
		return
	}
	if err := serve(engineAddress(os.Args[1:])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The engine's address is the last argument, after flags that this host ignores.
func engineAddress(arguments []string) string {
	for i := len(arguments) - 1; i >= 0; i-- {
		if !strings.HasPrefix(arguments[i], "-") {
			return arguments[i]
		}
	}
	return ""
}

func serve(engine string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	host := &languageHost{engine: engine}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageBytes))
	pulumirpc.RegisterLanguageRuntimeServer(server, host)
	go endWithEngine(host, os.Getppid())
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// endWithEngine ends this process and its programs on a signal, or when the engine has ended: a killed engine sends
// no signal, and its children get another parent.
func endWithEngine(host *languageHost, parent int) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, syscall.SIGINT)
	ticker := time.NewTicker(parentCheckInterval)
	for {
		select {
		case <-told:
		case <-ticker.C:
			if os.Getppid() == parent {
				continue
			}
		}
		host.endPrograms()
		os.Exit(0)
	}
}
