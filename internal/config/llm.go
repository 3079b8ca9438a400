package config

// llmKeys are the settings of the user's own models, and of what is asked of them.
func llmKeys() []Key {
	p := "llm.providers.openai."
	return []Key{
		{Name: p + "base_url", Kind: "url", Default: "https://api.openai.com/v1", Doc: "where the model is: OpenAI, or any address that speaks its chat completions"},
		{Name: p + "api_key", Kind: "string", Secret: true, Doc: "API key; a model of your own machine may need none"},
		{Name: p + "model", Kind: "string", Doc: "the model's name there"},
		{Name: p + "usd_per_mtok_in", Kind: "price", Doc: "price of a million tokens sent, in USD; empty: unknown, and only requests and tokens bound what is spent"},
		{Name: p + "usd_per_mtok_out", Kind: "price", Doc: "price of a million tokens answered, in USD; empty: unknown, as above"},
		{Name: p + "timeout", Kind: "duration", Default: "1m", Doc: "of one request to the model"},
		{Name: "sentiment.rescore", Kind: "rescore", Example: "news", Doc: "news, social or all: these texts are sent to your model (llm.providers.openai) and scored again; empty: none is"},
		{Name: "sentiment.rescore_model", Kind: "string", Doc: "the model that rescores; empty: llm.providers.openai.model"},
		{Name: "sentiment.rescore_requests", Kind: "count", Default: "200", Doc: "most requests of rescoring in a UTC day"},
		{Name: "sentiment.rescore_tokens", Kind: "tokens", Default: "500000", Doc: "most tokens of rescoring, sent and answered, in a UTC day"},
		{Name: "sentiment.rescore_usd", Kind: "price", Default: "1", Doc: "most USD of rescoring in a UTC day; it binds only where both prices of the model are set"},
	}
}
