// Gitd serves the bare repositories below a folder over HTTP through git's own
// http-backend, to those who know the password.
package main

import (
	"bytes"
	"crypto/subtle"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"strings"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:13000", "address")
	folder := flag.String("folder", ".", "where the repositories lie")
	user := flag.String("user", "git", "user")
	password := flag.String("password", "", "password")
	certificate := flag.String("certificate", "", "with it, TLS")
	key := flag.String("key", "", "key of the certificate")
	flag.Parse()
	git, err := exec.LookPath("git")
	if err != nil {
		log.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: git,
		Args: []string{"http-backend"},
		Env: []string{
			"GIT_PROJECT_ROOT=" + *folder, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=" + *user,
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		},
		InheritEnv: []string{"PATH"},
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, given, _ := r.BasicAuth()
		right := subtle.ConstantTimeCompare([]byte(given), []byte(*password)) == 1
		if name != *user || !right {
			w.Header().Set("WWW-Authenticate", `Basic realm="bed"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if strings.Contains(r.URL.Path, "..") {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		// CGI knows no bodies in chunks, which is how packs are pushed.
		if len(r.TransferEncoding) > 0 {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<28))
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			r.Body, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), nil
			r.ContentLength = int64(len(body))
		}
		backend.ServeHTTP(w, r)
	})
	if *certificate != "" {
		log.Fatal(http.ListenAndServeTLS(*listen, *certificate, *key, handler))
	}
	log.Fatal(http.ListenAndServe(*listen, handler))
}
