package gateway

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/ohmycoins/omc/internal/api"
)

// parameters are the query parameters that each route takes, by method and path: true where one may be given several times.
type parameters map[string]map[string]bool

// described reads them from the description of the interface, so that what is taken and what is told cannot differ.
func described(o *huma.OpenAPI) parameters {
	out := parameters{}
	for path, item := range o.Paths {
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete} {
			if op == nil {
				continue
			}
			takes := map[string]bool{}
			for _, p := range op.Parameters {
				if p.In == "query" {
					takes[p.Name] = p.Schema != nil && p.Schema.Type == huma.TypeArray
				}
			}
			out[method+" "+path] = takes
		}
	}
	return out
}

// refuse looks at a request's query. A parameter that a route does not take is refused, as is one that is given twice, and an as_of
// without a moment: whoever writes as-of for as_of, or sends an empty variable, would be shown what was not known then.
func (p parameters) refuse(route string, r *http.Request) *api.Problem {
	takes, ok := p[route]
	if !ok {
		return nil
	}
	bad := func(format string, args ...any) *api.Problem {
		return api.NewProblem(http.StatusBadRequest, api.CodeBadRequest, format, args...)
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return bad("the query cannot be read (%s): parameters are joined by &, and other characters written as %%XX", err)
	}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		several, ok := takes[name]
		switch {
		case !ok && len(takes) == 0:
			return bad("there is no query parameter %.40q here: this route takes none", name)
		case !ok:
			return bad("there is no query parameter %.40q here: this route takes %s", name, strings.Join(slices.Sorted(maps.Keys(takes)), ", "))
		case !several && len(q[name]) > 1:
			return bad("the query parameter %s is given %d times: once is enough", name, len(q[name]))
		case name == "as_of" && q.Get(name) == "":
			return bad("as_of is empty: want a date or an RFC 3339 time; leave it out for what is known now")
		}
	}
	return nil
}
