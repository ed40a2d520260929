-- Looks at the count, and changes nothing. ARGV: requests a minute, tokens a minute, ceiling of calls in the air.
-- Returns: requests and tokens a minute that hold, how much of them was ever given, calls in the air, the most that
-- may be, workers in line, ms of the provider's pause, 1 while it refuses the account.
return {
    limit_of("requests", ARGV[1]), limit_of("tokens", ARGV[2]), state.given_requests or 0, state.given_tokens or 0,
    redis.call("zcount", KEYS[2], now, "+inf"), whole(allowed(tonumber(ARGV[3]))), redis.call("zcard", KEYS[4]),
    math.max(0, (state.closed or 0) - now), state.shut and 1 or 0,
}
