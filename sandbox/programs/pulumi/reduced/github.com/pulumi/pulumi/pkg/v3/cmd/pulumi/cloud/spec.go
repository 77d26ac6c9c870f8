// This file takes the place of spec.go and schema.go, which parse the OpenAPI document of Pulumi Cloud for `pulumi api`.
package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/gorilla/mux"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
)

// Index is the parsed document.
type Index struct {
	Operations  []*Operation
	ByKey       map[string]*Operation
	SpecVersion string
	router      *mux.Router
}

// Operation is an operation of the API.
type Operation struct {
	OperationID         string
	Method              string
	Path                string
	Summary             string
	Description         string
	Tag                 string
	Params              []ParamSpec
	HasBody             bool
	BodyContentType     string
	ResponseContentType string
	SuccessContentTypes []string
	BodySchemaText      string
	BodySchemaMarkdown  string
	BodySchemaJSON      json.RawMessage
	ResponseSchemaText  string
	ResponseSchemaJSON  json.RawMessage
	InlineResponses     []ResponseSpec
	StockErrors         []ErrorRef
	IsPreview           bool
	IsDeprecated        bool
	SupersededBy        string
}

// ParamSpec is a parameter of an operation.
type ParamSpec struct {
	Name        string
	In          string
	Type        string
	Required    bool
	Description string
	Values      []string
}

// ResponseSpec is a response of an operation.
type ResponseSpec struct {
	Status         string
	Description    string
	ContentType    string
	SchemaText     string
	SchemaMarkdown string
	SchemaJSON     json.RawMessage
}

// ErrorRef is an error of an operation.
type ErrorRef struct {
	Status      string
	Description string
}

// LoadIndex fails, so there is never an Index or an Operation.
func LoadIndex(context.Context, *ResolvedContext, io.Writer, bool) (*Index, error) {
	return parseIndex(nil)
}

// Key identifies the operation.
func (o *Operation) Key() string {
	return o.Method + " " + o.Path
}

func (o *Operation) ensureSchemas() {}

// The rest is for the output of operations.

var methodPrecedence map[string]int

func markdownEnumTail([]string) string { return "" }

func mdInline(text string) string { return text }

func parseIndex([]byte) (*Index, error) {
	return nil, NewAPIError(cmdutil.ExitInternalError, ErrSpecParse,
		errors.ErrUnsupported.Error()+": the sandbox's build of Pulumi does not parse OpenAPI documents")
}
