package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/huggingface-exporter/huggingface_exporter/internal/httpx"
	"github.com/huggingface-exporter/huggingface_exporter/internal/textenc"
)

// Duration is a length of time above zero, written as Prometheus writes it: 30s, 6h, 1d12h.
type Duration = model.Duration

// fieldsOf returns the fields of a section by their names in the file, those of inlined
// sections included. There are no managers of secrets that the references of Prometheus'
// settings could refer to.
func fieldsOf(t reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for f := range t.Fields() {
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			for _, inner := range fieldsOf(f.Type) {
				inner.Index = append(slices.Clone(f.Index), inner.Index...)
				fields = append(fields, inner)
			}
		case name != "" && !strings.HasSuffix(name, "_ref"):
			f.Name = name
			fields = append(fields, f)
		}
	}
	return fields
}

// setDefaults gives the fields of a section their defaults.
func setDefaults(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	for field, value := range v.Fields() {
		setDefaults(value)
		if text, ok := field.Tag.Lookup("default"); ok {
			if err := yaml.Unmarshal([]byte(text), value.Addr().Interface()); err != nil {
				panic("config: the default of " + field.Name + ": " + err.Error())
			}
		}
	}
}

// scalar is how the values of a type are written: the YAML tag that they have, "" for any,
// and what they are in words.
type scalar struct{ tag, want string }

const wantText = "a string (quoted if it looks like another type)"

var scalars = map[reflect.Type]scalar{
	reflect.TypeFor[Secret]():                {"!!str", wantText},
	reflect.TypeFor[BadgePattern]():          {"!!str", "a pattern like repo=my-org/* (quoted if it looks like another type)"},
	reflect.TypeFor[Regexp]():                {"!!str", "a regular expression (quoted if it looks like another type)"},
	reflect.TypeFor[Duration]():              {"", "a duration like 30s, 5m or 6h"},
	reflect.TypeFor[httpconfig.URL]():        {"!!str", "a URL like http://proxy:3128"},
	reflect.TypeFor[httpconfig.TLSVersion](): {"!!str", "TLS10, TLS11, TLS12 or TLS13"},
}

func scalarOf(t reflect.Type) (scalar, bool) {
	if s, ok := scalars[t]; ok {
		return s, true
	}
	switch t.Kind() {
	case reflect.Bool:
		return scalar{"!!bool", "true or false"}, true
	case reflect.Int:
		return scalar{"!!int", "a whole number"}, true
	case reflect.String:
		return scalar{"!!str", wantText}, true
	}
	return scalar{}, false
}

// check looks at a value as its type and the tags of its field say.
func (s scalar) check(v reflect.Value, tag reflect.StructTag) error {
	switch value := v.Interface().(type) {
	case Regexp:
		return value.check()
	case BadgePattern:
		return value.check()
	case httpconfig.URL:
		if value.Scheme == "" || value.Host == "" {
			return fmt.Errorf("expected %s, got something else", s.want)
		}
	case Duration:
		if value == 0 {
			return fmt.Errorf("expected %s, got %q", s.want, value)
		}
		least, _ := model.ParseDuration(tag.Get("min")) // 0 without a bound
		if value < least {
			return fmt.Errorf("expected at least %s, got %q", least, value)
		}
	case int:
		return checkNumber(value, tag)
	case string, Engine:
		return checkText(v.String(), tag)
	}
	return nil
}

func checkNumber(n int, tag reflect.StructTag) error {
	keeps := func(bound string, order int) bool {
		b, err := strconv.Atoi(tag.Get(bound))
		return err != nil || cmp.Compare(n, b)*order >= 0 // no such bound
	}
	if keeps("min", 1) && keeps("max", -1) {
		return nil
	}
	want := "from " + tag.Get("min")
	if most := tag.Get("max"); most != "" {
		want += " to " + most
	}
	if zero, ok := tag.Lookup("zero"); ok {
		want += " (" + zero + ")"
	}
	return fmt.Errorf("expected a whole number %s, got \"%d\"", want, n)
}

func checkText(text string, tag reflect.StructTag) error {
	if allowed := strings.Fields(tag.Get("oneof")); len(allowed) > 0 && !slices.Contains(allowed, text) {
		return fmt.Errorf("expected %s, got %q", textenc.Alternatives(allowed), text)
	}
	if want, ok := tag.Lookup("want"); ok && text == "" {
		return fmt.Errorf("expected %s, got none", want)
	}
	if example := tag.Get("url"); example != "" && text != "" {
		_, err := httpx.ParseURL(text, example, "")
		return err
	}
	switch tag.Get("is") {
	case "glob":
		if _, err := filepath.Match(text, ""); err != nil {
			return fmt.Errorf("expected a glob like \"exports/*.csv\", got %q with an unclosed bracket or backslash", text)
		}
	case "repos":
		return checkRepos(text)
	case "day":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return fmt.Errorf("expected a day like \"2024-05-31\", in quotes, got %q", text)
		}
	}
	return nil
}
