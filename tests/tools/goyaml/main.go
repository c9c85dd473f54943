// Reads a YAML stream on stdin the way kubectl and Argo CD read a file of objects,
// and prints the documents as one JSON array.
//
// Both split the stream and turn each document into JSON with this very decoder, so
// what it makes of a plain scalar is what the cluster gets to see.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
)

func main() {
	documents, err := read(bufio.NewReader(os.Stdin))
	if err == nil {
		err = print(documents)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "goyaml:", err)
		os.Exit(1)
	}
}

// read drops documents that hold nothing but comments, as kubectl does.
func read(stream io.Reader) ([]json.RawMessage, error) {
	documents := []json.RawMessage{}
	decoder := yaml.NewYAMLOrJSONDecoder(stream, 4096)
	for {
		var document json.RawMessage
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return documents, nil
		} else if err != nil {
			return nil, fmt.Errorf("document %d: %w", len(documents)+1, err)
		}
		document = bytes.TrimSpace(document)
		if len(document) == 0 || bytes.Equal(document, []byte("null")) {
			continue
		}
		documents = append(documents, document)
	}
}

func print(documents []json.RawMessage) error {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(documents)
}
