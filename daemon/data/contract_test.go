package data_test

import (
	"github.com/ohmycoins/omc/daemon/data"
	"github.com/ohmycoins/omc/daemon/gateway"
)

var _ gateway.Data = (*data.Service)(nil)
