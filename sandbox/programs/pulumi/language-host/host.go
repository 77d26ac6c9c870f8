package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// bailExitCode is the exit code by which the SDK reports that it has printed the error itself.
const bailExitCode = 32

const noCodeComment = "// This language host generates no code: add the imported resource to the program by hand.\n"

type languageHost struct {
	pulumirpc.UnsafeLanguageRuntimeServer

	lock     sync.Mutex
	engine   string
	programs map[*os.Process]struct{}
}

func (host *languageHost) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	host.lock.Lock()
	defer host.lock.Unlock()
	host.engine = request.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (host *languageHost) Run(_ context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	host.lock.Lock()
	engine := host.engine
	host.lock.Unlock()
	program, err := programOf(request, engine)
	if err != nil {
		return nil, err
	}
	// The engine shows the program's output on the streams that it shares with this process.
	program.Stdout, program.Stderr = os.Stdout, os.Stderr
	if err := host.runToEnd(program); err != nil {
		var exit *exec.ExitError
		switch {
		case !errors.As(err, &exit):
			return nil, err
		case exit.ExitCode() == bailExitCode:
			return &pulumirpc.RunResponse{Bail: true}, nil
		default:
			return &pulumirpc.RunResponse{Error: "The program ended " + howEnded(exit) + "."}, nil
		}
	}
	return &pulumirpc.RunResponse{}, nil
}

func (host *languageHost) runToEnd(program *exec.Cmd) error {
	host.lock.Lock()
	if err := program.Start(); err != nil {
		host.lock.Unlock()
		return err
	}
	if host.programs == nil {
		host.programs = map[*os.Process]struct{}{}
	}
	host.programs[program.Process] = struct{}{}
	host.lock.Unlock()
	defer func() {
		host.lock.Lock()
		defer host.lock.Unlock()
		delete(host.programs, program.Process)
	}()
	return program.Wait()
}

func (host *languageHost) endPrograms() {
	host.lock.Lock()
	defer host.lock.Unlock()
	for program := range host.programs {
		_ = program.Signal(syscall.SIGTERM)
	}
}

func (host *languageHost) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	host.endPrograms()
	return &emptypb.Empty{}, nil
}

// InstallDependencies installs the packages of package-lock.json, and forwards npm's output.
func (host *languageHost) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, answers pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	directory := rootDirectory(request.GetInfo(), request.GetDirectory())
	refuse := func(message string) error {
		return status.Errorf(codes.Unknown, "%s (npm ci in %s)", message, directory)
	}
	npm := exec.Command("npm", "ci")
	npm.Dir = directory
	var sending sync.Mutex
	npm.Stdout = writerFunc(func(text []byte) error {
		sending.Lock()
		defer sending.Unlock()
		return answers.Send(&pulumirpc.InstallDependenciesResponse{Stdout: text})
	})
	npm.Stderr = writerFunc(func(text []byte) error {
		sending.Lock()
		defer sending.Unlock()
		return answers.Send(&pulumirpc.InstallDependenciesResponse{Stderr: text})
	})
	err := npm.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return refuse("The packages were not installed: npm ended " + howEnded(exit))
	default:
		return refuse("npm does not run: " + err.Error())
	}
}

type writerFunc func([]byte) error

func (write writerFunc) Write(text []byte) (int, error) {
	if err := write(text); err != nil {
		return 0, err
	}
	return len(text), nil
}

// GetProgramDependencies returns the versions of the packages in a project's package.json, for `pulumi about`.
func (host *languageHost) GetProgramDependencies(
	_ context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	file := filepath.Join(rootDirectory(request.GetInfo(), request.GetPwd()), "package.json")
	if text, err := os.ReadFile(file); err == nil {
		// An unreadable file has no dependencies to report.
		_ = json.Unmarshal(text, &manifest)
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for name, version := range manifest.Dependencies {
		response.Dependencies = append(
			response.Dependencies, &pulumirpc.DependencyInfo{Name: name, Version: version},
		)
	}
	return response, nil
}

func (host *languageHost) About(context.Context, *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	version, err := exec.Command(node, "--version").Output()
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{Executable: node, Version: strings.TrimSpace(string(version))}, nil
}

func (host *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{}, nil
}

func (host *languageHost) GetRequiredPlugins(
	context.Context, *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

func (host *languageHost) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}

func (host *languageHost) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// Template changes nothing: Pulumi's own host adds one of the SDK's loaders to a package.json without a loader, and
// this host needs none.
func (host *languageHost) Template(
	context.Context, *pulumirpc.TemplateRequest,
) (*pulumirpc.TemplateResponse, error) {
	return &pulumirpc.TemplateResponse{}, nil
}

// GenerateProgram is called at the end of `pulumi import`, which would fail if the call were refused.
func (host *languageHost) GenerateProgram(
	context.Context, *pulumirpc.GenerateProgramRequest,
) (*pulumirpc.GenerateProgramResponse, error) {
	return &pulumirpc.GenerateProgramResponse{
		Source: map[string][]byte{"index.ts": []byte(noCodeComment)},
	}, nil
}

func (host *languageHost) GenerateProject(
	context.Context, *pulumirpc.GenerateProjectRequest,
) (*pulumirpc.GenerateProjectResponse, error) {
	return nil, unsupported("generating projects")
}

func (host *languageHost) GeneratePackage(
	context.Context, *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	return nil, unsupported("generating packages")
}

func (host *languageHost) Pack(context.Context, *pulumirpc.PackRequest) (*pulumirpc.PackResponse, error) {
	return nil, unsupported("packing packages")
}

func (host *languageHost) Link(context.Context, *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	return nil, unsupported("linking packages")
}

// RunPlugin runs a policy pack to its end, and forwards its output, whose first line is the pack's port.
func (host *languageHost) RunPlugin(
	request *pulumirpc.RunPluginRequest, answers pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	if request.GetKind() != "analyzer" {
		return unsupported("plugins written in TypeScript but policy packs")
	}
	pack, err := policyPackOf(answers.Context(), request)
	if err != nil {
		return err
	}
	var sending sync.Mutex
	send := func(response *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return answers.Send(response)
	}
	pack.Stdout = writerFunc(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: text}})
	})
	pack.Stderr = writerFunc(func(text []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: text}})
	})
	err = host.runToEnd(pack)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	code := int32(pack.ProcessState.ExitCode())
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

func unsupported(what string) error {
	return status.Errorf(
		codes.Unimplemented, "The sandbox's language host does not support %s; install Pulumi for it.", what,
	)
}

func howEnded(exit *exec.ExitError) string {
	if ended, ok := exit.Sys().(syscall.WaitStatus); ok && ended.Signaled() {
		return "by " + unix.SignalName(ended.Signal())
	}
	return fmt.Sprintf("with exit code %d", exit.ExitCode())
}
