package postgres

// overrides are the statements that PostgreSQL words in its own way, by name. Where several processes write, the row that stands
// for the thing is locked first, so that what is read next cannot change before the commit.
var overrides = map[string]string{
	"lock_coverage":  "SELECT bars, first_time, last_time FROM price_coverage WHERE market_id = $1 AND interval_seconds = $2 FOR UPDATE",
	"lock_session":   "SELECT user_id FROM agent_sessions WHERE id = $1 FOR UPDATE",
	"lock_floor":     "SELECT user_id, inputs, lines, status, error FROM floor_sessions WHERE id = $1 FOR UPDATE",
	"lock_audit":     "SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE",
	"lock_thread":    "SELECT seq, step FROM checkpoint_threads WHERE thread = $1 FOR UPDATE",
	"lock_algorithm": "SELECT state FROM algorithms WHERE user_id = $1 AND id = $2 FOR UPDATE",
	"lock_feed":      "SELECT claim, ok_ms FROM collectors WHERE name = $1 FOR UPDATE",
	"lock_source":    "SELECT id FROM sources WHERE id = $1 FOR NO KEY UPDATE",
}

// SQL implements dialect.Driver.
func (d *Driver) SQL(name, text string) string {
	if own, ok := overrides[name]; ok {
		return own
	}
	return text
}
