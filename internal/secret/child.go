package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/99designs/keyring"
	"github.com/godbus/dbus"

	"github.com/ohmycoins/omc/internal/secret/quiet"
)

const appName = "omc"

// Child is the process that asks the desktop's keyring, where this is it: main calls it before anything else. args are the
// program's, without its name: keyring-child, an operation, a scope and a name; a value comes on in and leaves on out.
func Child(args []string, getenv func(string) string, in io.Reader, out io.Writer) (code int, child bool) {
	if getenv(quiet.Child) != "1" || len(args) == 0 || args[0] != childArg {
		return 0, false
	}
	if len(args) != 4 {
		return 2, true
	}
	raw, err := json.Marshal(answer(args[1], appName+":"+args[2]+":", args[3], getenv, in, out))
	if err != nil {
		return 1, true
	}
	if _, err := out.Write(append(raw, '\n')); err != nil {
		return 1, true
	}
	return 0, true
}

// answer does one operation. The library panics on answers it did not expect, and its texts may quote a value: both become codes.
func answer(op, prefix, name string, getenv func(string) string, in io.Reader, out io.Writer) (r reply) {
	defer func() {
		if recover() != nil {
			r = reply{Problem: problemFailed}
		}
	}()
	value, err := io.ReadAll(io.LimitReader(in, MaxValue+1))
	if err != nil || len(value) > MaxValue {
		return reply{Problem: problemFailed}
	}
	place, err := find(op)
	if err != nil {
		return failure(err)
	}
	if op == opProbe {
		if place.prompts && getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
			return reply{Problem: problemLocked} // nobody could unlock it
		}
		return reply{}
	}
	if place.prompts {
		if _, err := io.WriteString(out, promptLine); err != nil {
			return reply{Problem: problemFailed}
		}
	}
	ring, err := keyring.Open(place.config)
	if err != nil {
		return failure(err)
	}
	r, err = operate(ring, op, prefix, name, value)
	if err == nil {
		return r
	}
	if r = failure(err); place.creates && r.Problem == problemFailed {
		r.Problem = problemRefused
	}
	return r
}

// errNotKept says that what was set does not read back: KWallet answers a refusal with a number that the library does not look at.
var errNotKept = errors.New("not kept")

func operate(ring keyring.Keyring, op, prefix, name string, value []byte) (reply, error) {
	switch op {
	case opGet:
		item, err := ring.Get(prefix + name)
		return reply{Value: item.Data}, err
	case opSet:
		if err := ring.Set(keyring.Item{Key: prefix + name, Data: value, Label: prefix + name, Description: "kept by omc"}); err != nil {
			return reply{}, err
		}
		item, err := ring.Get(prefix + name)
		if err != nil || !bytes.Equal(item.Data, value) {
			return reply{}, errNotKept
		}
		return reply{}, nil
	case opRemove:
		if _, err := ring.Get(prefix + name); err != nil { // Remove of what is absent succeeds in some, fails in others
			return reply{}, err
		}
		return reply{}, ring.Remove(prefix + name)
	case opNames:
		keys, err := ring.Keys()
		var names []string
		for _, k := range keys {
			if n, ours := strings.CutPrefix(k, prefix); ours {
				names = append(names, n)
			}
		}
		return reply{Names: names}, err
	}
	return reply{}, errors.New("no such operation")
}

// failure is an error as a code.
func failure(err error) reply {
	r := reply{Problem: problemFailed}
	var bus dbus.Error
	if errors.As(err, &bus) {
		r.Bus = bus.Name
	}
	switch {
	case errors.Is(err, keyring.ErrKeyNotFound):
		r.Problem = problemNotFound
	case errors.Is(err, keyring.ErrNoAvailImpl):
		r.Problem = problemNone
	case errors.Is(err, errNotKept):
		r.Problem = problemNotKept
	case r.Bus == "org.freedesktop.Secret.Error.IsLocked":
		r.Problem = problemLocked
	}
	return r
}

// place is a keyring that answers.
type place struct {
	config  keyring.Config
	prompts bool // a person is asked first, or may be
	creates bool // it is made when the first secret is stored
}
