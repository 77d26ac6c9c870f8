// Command openmetrics reads OpenMetrics text from standard input with Prometheus' own parser, and prints the result
// as JSON, with one object per line for each metadata line and each sample.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Println("usage: openmetrics < metrics.txt")
		return
	}
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	parser := textparse.NewOpenMetricsParser(text, labels.NewSymbolTable())
	encoder := json.NewEncoder(out)
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var line any
		switch entry {
		case textparse.EntryHelp:
			name, help := parser.Help()
			line = map[string]string{"name": string(name), "help": string(help)}
		case textparse.EntryType:
			name, kind := parser.Type()
			line = map[string]string{"name": string(name), "type": string(kind)}
		case textparse.EntryUnit:
			name, unit := parser.Unit()
			line = map[string]string{"name": string(name), "unit": string(unit)}
		case textparse.EntrySeries:
			_, _, value := parser.Series()
			var series labels.Labels
			parser.Labels(&series)
			line = map[string]any{"labels": series.Map(), "value": value}
		default:
			continue
		}
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
}
