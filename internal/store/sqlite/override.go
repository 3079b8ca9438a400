package sqlite

// overrides are the statements that SQLite words in its own way, by name: it locks the whole file, not a row.
var overrides = map[string]string{
	"lock_coverage":  "SELECT bars, first_time, last_time FROM price_coverage WHERE market_id = $1 AND interval_seconds = $2",
	"lock_session":   "SELECT user_id FROM agent_sessions WHERE id = $1",
	"lock_floor":     "SELECT user_id, inputs, lines, status, error FROM floor_sessions WHERE id = $1",
	"lock_audit":     "SELECT seq, hash FROM audit_head WHERE id = 1",
	"lock_thread":    "SELECT seq, step FROM checkpoint_threads WHERE thread = $1",
	"lock_algorithm": "SELECT state FROM algorithms WHERE user_id = $1 AND id = $2",
	"lock_feed":      "SELECT claim, ok_ms FROM collectors WHERE name = $1",
	"lock_source":    "SELECT id FROM sources WHERE id = $1",
}

// SQL implements dialect.Driver.
func (d *Driver) SQL(name, text string) string {
	if own, ok := overrides[name]; ok {
		return own
	}
	return text
}
