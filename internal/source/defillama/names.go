package defillama

import "github.com/ohmycoins/omc/internal/market"

// token is a coin and what DeFiLlama calls it and what is its own. A ticker proves nothing (anybody may call a token UNI), so that
// only these are certain.
type token struct {
	coin  market.Coin
	gecko string
	// slugs of its protocols, or of its chain where fees are told of a chain; parent#x is the family x with all that is in it.
	slugs []string
}

func tokens() []token {
	return []token{
		{"BTC", "bitcoin", []string{"bitcoin"}},
		{"ETH", "ethereum", []string{"ethereum"}},
		{"SOL", "solana", []string{"solana"}},
		{"BNB", "binancecoin", []string{"bsc"}},
		{"XRP", "ripple", nil},
		{"ADA", "cardano", []string{"cardano"}},
		{"DOGE", "dogecoin", []string{"doge"}},
		{"TRX", "tron", []string{"tron"}},
		{"AVAX", "avalanche-2", []string{"avalanche"}},
		{"DOT", "polkadot", nil},
		{"LTC", "litecoin", []string{"litecoin"}},
		{"BCH", "bitcoin-cash", nil},
		{"XLM", "stellar", []string{"stellar"}},
		{"ATOM", "cosmos", nil},
		{"NEAR", "near", []string{"near"}},
		{"ALGO", "algorand", []string{"algorand"}},
		{"HBAR", "hedera-hashgraph", nil},
		{"ICP", "internet-computer", nil},
		{"FIL", "filecoin", nil},
		{"ETC", "ethereum-classic", nil},
		{"XMR", "monero", nil},
		{"XTZ", "tezos", []string{"tezos"}},
		{"VET", "vechain", nil},
		{"TON", "the-open-network", []string{"ton"}},
		{"SUI", "sui", []string{"sui"}},
		{"APT", "aptos", []string{"aptos"}},
		{"SEI", "sei-network", []string{"sei"}},
		{"INJ", "injective-protocol", nil},
		{"TIA", "celestia", nil},
		{"KAS", "kaspa", nil},
		{"CRO", "crypto-com-chain", nil},
		{"ARB", "arbitrum", []string{"arbitrum"}},
		{"OP", "optimism", []string{"op-mainnet", "optimism"}},
		{"POL", "polygon-ecosystem-token", []string{"polygon"}},
		{"STRK", "starknet", []string{"starknet"}},
		{"MNT", "mantle", []string{"mantle"}},
		{"LINK", "chainlink", []string{"chainlink"}},
		{"UNI", "uniswap", []string{"parent#uniswap", "uniswap", "uniswap-v1", "uniswap-v2", "uniswap-v3", "uniswap-v4"}},
		{"AAVE", "aave", []string{"parent#aave", "aave", "aave-v1", "aave-v2", "aave-v3"}},
		{"LDO", "lido-dao", []string{"lido"}},
		{"MKR", "maker", []string{"makerdao"}},
		{"CRV", "curve-dao-token", []string{"parent#curve-finance", "curve-dex", "curve-llamalend", "crvusd"}},
		{"CVX", "convex-finance", []string{"convex-finance"}},
		{"COMP", "compound-governance-token", []string{"parent#compound-finance", "compound-v1", "compound-v2", "compound-v3"}},
		{"SNX", "havven", []string{"parent#synthetix"}},
		{"SUSHI", "sushi", []string{"parent#sushi", "sushiswap", "sushiswap-v3"}},
		{"BAL", "balancer", []string{"parent#balancer", "balancer-v2", "balancer-v3"}},
		{"YFI", "yearn-finance", []string{"yearn-finance"}},
		{"1INCH", "1inch", []string{"parent#1inch-network"}},
		{"DYDX", "dydx-chain", []string{"parent#dydx"}},
		{"GMX", "gmx", []string{"parent#gmx", "gmx-v1", "gmx-v2-perps"}},
		{"CAKE", "pancakeswap-token", []string{"parent#pancakeswap", "pancakeswap-amm", "pancakeswap-amm-v3"}},
		{"RUNE", "thorchain", []string{"thorchain-dex"}},
		{"RPL", "rocket-pool", []string{"rocket-pool"}},
		{"FXS", "frax-share", []string{"parent#frax-finance"}},
		{"PENDLE", "pendle", []string{"pendle"}},
		{"ENA", "ethena", []string{"parent#ethena", "ethena-usde"}},
		{"JUP", "jupiter-exchange-solana", []string{"parent#jupiter"}},
		{"RAY", "raydium", []string{"parent#raydium", "raydium-amm"}},
		{"ORCA", "orca", []string{"orca", "orca-dex"}},
		{"JTO", "jito-governance-token", []string{"parent#jito", "jito-liquid-staking"}},
		{"HYPE", "hyperliquid", []string{"parent#hyperliquid"}},
		{"ETHFI", "ether-fi", []string{"parent#ether-fi", "ether.fi-stake"}},
		{"EIGEN", "eigenlayer", []string{"eigenlayer", "eigencloud"}},
		{"MORPHO", "morpho", []string{"parent#morpho"}},
		{"ONDO", "ondo-finance", []string{"parent#ondo-finance"}},
		{"MAV", "maverick-protocol", []string{"parent#maverick-protocol"}},
		{"GRT", "the-graph", nil},
		{"SAND", "the-sandbox", nil},
		{"MANA", "decentraland", nil},
		{"AXS", "axie-infinity", nil},
		{"SHIB", "shiba-inu", nil},
		{"PEPE", "pepe", nil},
		{"BONK", "bonk", nil},
		{"WIF", "dogwifcoin", nil},
		{"USDT", "tether", nil},
		{"USDC", "usd-coin", nil},
		{"DAI", "dai", nil},
		{"USDS", "usds", nil},
		{"USDE", "ethena-usde", nil},
		{"FDUSD", "first-digital-usd", nil},
		{"PYUSD", "paypal-usd", nil},
		{"TUSD", "true-usd", nil},
		{"GHO", "gho", nil},
		{"FRAX", "frax", nil},
		{"CRVUSD", "crvusd", nil},
	}
}

// chain is one of the main chains that have a coin of their own, by its display name. Base, say, runs on ETH and is none of them.
type chain struct {
	name string
	coin market.Coin
}

func chains() []chain {
	return []chain{{"Ethereum", "ETH"}, {"Solana", "SOL"}, {"BSC", "BNB"}, {"Bitcoin", "BTC"}, {"Tron", "TRX"}, {"Arbitrum", "ARB"},
		{"OP Mainnet", "OP"}, {"Avalanche", "AVAX"}, {"Polygon", "POL"}, {"Sui", "SUI"}, {"Aptos", "APT"}, {"Near", "NEAR"}, {"Cardano", "ADA"}}
}

// names finds coins. It never changes.
type names struct {
	gecko, slug map[string]market.Coin
}

func newNames() *names {
	n := &names{map[string]market.Coin{}, map[string]market.Coin{}}
	for _, t := range tokens() {
		n.gecko[t.gecko] = t.coin
		for _, s := range t.slugs {
			n.slug[s] = t.coin
		}
	}
	return n
}

// coin is the coin of a protocol, "" where none is certain. gecko and parent may be "".
func (n *names) coin(gecko, parent, slug string) market.Coin {
	if c := n.gecko[gecko]; c != "" {
		return c
	}
	if c := n.slug[parent]; c != "" {
		return c
	}
	return n.slug[slug]
}
