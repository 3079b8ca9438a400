package collect_test

import (
	"github.com/ohmycoins/omc/daemon/collect"
	"github.com/ohmycoins/omc/daemon/gateway"
)

var _ gateway.Data = (*collect.Service)(nil)
