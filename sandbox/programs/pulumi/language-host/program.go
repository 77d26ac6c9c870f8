package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// programOf returns the command for the program of the request: the SDK's runner on the node of PATH, as in
// Pulumi's own host. It fails if the project has not installed @pulumi/pulumi.
func programOf(request *pulumirpc.RunRequest, engine string) (*exec.Cmd, error) {
	info := request.GetInfo()
	runner, err := findRunner(programDirectory(info, request.GetPwd()), "run")
	if err != nil {
		return nil, err
	}
	configuration, err := json.Marshal(request.GetConfig())
	if err != nil {
		return nil, err
	}
	secretKeys, err := json.Marshal(append([]string{}, request.GetConfigSecretKeys()...))
	if err != nil {
		return nil, err
	}
	options := info.GetOptions().AsMap()
	nodeArguments, _ := options["nodeargs"].(string)
	arguments := append(strings.Fields(nodeArguments), runner)
	for _, flag := range []struct{ name, value string }{
		{"monitor", request.GetMonitorAddress()},
		{"engine", engine},
		{"organization", request.GetOrganization()},
		{"project", request.GetProject()},
		{"stack", request.GetStack()},
		{"pwd", request.GetPwd()},
		{"root-directory", info.GetRootDirectory()},
		{"parallel", strconv.Itoa(int(request.GetParallel()))},
	} {
		if flag.value != "" {
			arguments = append(arguments, "--"+flag.name, flag.value)
		}
	}
	if request.GetDryRun() {
		arguments = append(arguments, "--dry-run")
	}
	if request.GetQueryMode() {
		arguments = append(arguments, "--query-mode")
	}
	entryPoint := info.GetEntryPoint()
	if entryPoint == "" {
		entryPoint = request.GetProgram()
	}
	arguments = append(append(arguments, entryPoint), request.GetArgs()...)

	program := exec.Command("node", arguments...)
	program.Dir = request.GetPwd()
	program.Env = append(os.Environ(),
		"PULUMI_CONFIG="+string(configuration),
		"PULUMI_CONFIG_SECRET_KEYS="+string(secretKeys),
		fmt.Sprintf("PULUMI_NODEJS_TYPESCRIPT=%t", options["typescript"] != false),
	)
	return program, nil
}

// policyPackOf returns the command for a policy pack, a program that responds to the engine's requests about
// resources: the SDK's runner for policy packs, with the engine's address and the folder of the pack.
func policyPackOf(context context.Context, request *pulumirpc.RunPluginRequest) (*exec.Cmd, error) {
	info := request.GetInfo()
	runner, err := findRunner(info.GetProgramDirectory(), "run-policy-pack")
	if err != nil {
		return nil, err
	}
	nodeArguments, _ := info.GetOptions().AsMap()["nodeargs"].(string)
	arguments := append(strings.Fields(nodeArguments), runner)
	arguments = append(append(arguments, request.GetArgs()...), info.GetProgramDirectory())
	// The engine ends the policy pack by ending its request.
	pack := exec.CommandContext(context, "node", arguments...)
	pack.Dir = request.GetPwd()
	pack.Env = append(os.Environ(), request.GetEnv()...)
	return pack, nil
}

// findRunner returns the path of a runner in the SDK that a folder's programs import.
func findRunner(directory, name string) (string, error) {
	for folder := directory; ; folder = filepath.Dir(folder) {
		runner := filepath.Join(folder, "node_modules", "@pulumi", "pulumi", "cmd", name, "index.js")
		if _, err := os.Stat(runner); err == nil {
			return runner, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("%s has no package @pulumi/pulumi: run `npm ci` there.", directory)
		}
	}
}

func programDirectory(info *pulumirpc.ProgramInfo, directory string) string {
	if info != nil {
		return info.GetProgramDirectory()
	}
	return directory
}

func rootDirectory(info *pulumirpc.ProgramInfo, directory string) string {
	if info != nil {
		return info.GetRootDirectory()
	}
	return directory
}
