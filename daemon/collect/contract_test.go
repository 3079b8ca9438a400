package collect_test

import (
	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/daemon/gateway"
)

var (
	_ gateway.Fill       = (*collect.Service)(nil)
	_ gateway.Collectors = (*collect.Collectors)(nil)
)
