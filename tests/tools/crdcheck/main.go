// Holds a CustomResourceDefinition and instances of it against the API server's own code.
//
//	crdcheck CRD.yaml <INSTANCES.ndjson
//
// The first line on stdout is what creating the CRD gives: its faults, and what the API
// server estimates that its rules cost. Then one line an instance: what creating it under
// `fieldValidation=Strict` is refused for. The steps are those of the handler and of
// pkg/registry/customresource, in their order.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: crdcheck CRD.yaml <INSTANCES.ndjson"))
	}
	text, err := os.ReadFile(os.Args[1])
	fail(err)
	crd, err := readDefinition(text)
	fail(err)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	definition := definitionOf(crd)
	fail(encoder.Encode(definition))
	if len(definition.Errors) == 0 {
		server, err := newServer(crd)
		fail(err)
		lines := bufio.NewScanner(os.Stdin)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			fail(encoder.Encode(server.create(lines.Bytes())))
		}
		fail(lines.Err())
	}
	fail(out.Flush())
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "crdcheck:", err)
		os.Exit(1)
	}
}

// readDefinition refuses fields that a CustomResourceDefinition does not have.
func readDefinition(text []byte) (*apiextensions.CustomResourceDefinition, error) {
	var external apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &external); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	scheme.Default(&external)
	// As the registry does when a CRD is created.
	external.Status.StoredVersions = []string{external.Spec.Versions[0].Name}
	internal := &apiextensions.CustomResourceDefinition{}
	err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&external, internal, nil)
	return internal, err
}

type definition struct {
	Errors    []string `json:"errors"`
	Rules     []rule   `json:"rules"`
	Total     uint64   `json:"total"`
	RuleLimit uint64   `json:"ruleLimit"`
	Limit     uint64   `json:"limit"`
}

type rule struct {
	Path    string `json:"path"`
	Message string `json:"message"`
	Cost    uint64 `json:"cost"`
}

func definitionOf(crd *apiextensions.CustomResourceDefinition) definition {
	found := definition{
		Errors:    texts(crdvalidation.ValidateCustomResourceDefinition(context.Background(), crd)),
		RuleLimit: crdvalidation.StaticEstimatedCostLimit,
		Limit:     crdvalidation.StaticEstimatedCRDCostLimit,
	}
	root := schemaOf(crd)
	found.costs("", root, crdvalidation.RootCELContext(root))
	for _, rule := range found.Rules {
		found.Total += rule.Cost
	}
	return found
}

// costs repeats the estimate that validation makes, which tells only what is over the limit.
func (d *definition) costs(path string, props *apiextensions.JSONSchemaProps, at *crdvalidation.CELSchemaContext) {
	if len(props.XValidations) > 0 {
		info, err := at.TypeInfo()
		fail(err)
		base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
		compiled, err := cel.Compile(info.Schema, info.DeclType, celconfig.PerCallLimit, base, cel.NewExpressionsEnvLoader())
		fail(err)
		for index, result := range compiled {
			cardinality := result.MaxCardinality
			if at.MaxCardinality != nil {
				cardinality = *at.MaxCardinality
			}
			d.Rules = append(d.Rules, rule{path, props.XValidations[index].Message, result.MaxCost * cardinality})
		}
	}
	for name := range props.Properties {
		child := props.Properties[name]
		d.costs(path+"."+name, &child, at.ChildPropertyContext(&child, name))
	}
	if props.Items != nil && props.Items.Schema != nil {
		d.costs(path+"[]", props.Items.Schema, at.ChildItemsContext(props.Items.Schema))
	}
	if props.AdditionalProperties != nil && props.AdditionalProperties.Schema != nil {
		child := props.AdditionalProperties.Schema
		d.costs(path+"[*]", child, at.ChildAdditionalPropertiesContext(child))
	}
}

// schemaOf finds the schema where conversion puts the one of a single version.
func schemaOf(crd *apiextensions.CustomResourceDefinition) *apiextensions.JSONSchemaProps {
	if crd.Spec.Validation != nil {
		return crd.Spec.Validation.OpenAPIV3Schema
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

type server struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
}

func newServer(crd *apiextensions.CustomResourceDefinition) (*server, error) {
	props := schemaOf(crd)
	structural, err := schema.NewStructural(props)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(props)
	if err != nil {
		return nil, err
	}
	return &server{structural, validator, cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

func (s *server) create(line []byte) []string {
	object := map[string]any{}
	if err := utiljson.Unmarshal(bytes.TrimSpace(line), &object); err != nil {
		return []string{err.Error()}
	}
	refused := []string{}
	unknown := pruning.PruneWithOptions(object, s.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, path := range unknown {
		refused = append(refused, "unknown field "+path)
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.structural)
	if err, unknown := objectmeta.CoerceWithOptions(nil, object, s.structural, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true}); err != nil {
		return append(refused, err.Error())
	} else if len(unknown) > 0 {
		refused = append(refused, unknown...)
	}
	defaulting.Default(object, s.structural)

	errs := apivalidation.ValidateObjectMetaAccessor(&unstructured.Unstructured{Object: object}, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	errs = append(errs, validation.ValidateCustomResource(nil, object, s.schema)...)
	errs = append(errs, objectmeta.Validate(nil, object, s.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, object)...)
	if !blocks(errs) {
		broken, _ := s.rules.Validate(context.Background(), nil, s.structural, object, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, broken...)
	}
	return append(refused, texts(errs)...)
}

// blocks says whether the rules are not even asked.
func blocks(errs field.ErrorList) bool {
	for _, err := range errs {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

func texts(errs field.ErrorList) []string {
	list := []string{}
	for _, err := range errs {
		list = append(list, err.Error())
	}
	return list
}
