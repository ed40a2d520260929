-- Gives a call room, or says how long to wait before asking again: until the buckets hold enough, a lease ends, or
-- the provider's pause is over. Workers that wait are served in the order in which they came.
-- ARGV: call id, tokens, worker, requests a minute, tokens a minute, lease, ceiling of calls in the air.
-- Returns: ms to wait (0: given), now, how much was given by now.
local id, worker, lease, ceiling = ARGV[1], ARGV[3], tonumber(ARGV[6]), tonumber(ARGV[7])
local wanted = { requests = 1, tokens = tonumber(ARGV[2]) }
local limits = { requests = limit_of("requests", ARGV[4]), tokens = limit_of("tokens", ARGV[5]) }

redis.call("zadd", KEYS[3], now, worker)
redis.call("zremrangebyscore", KEYS[3], "-inf", now - MINUTE)
redis.call("zremrangebyscore", KEYS[2], "-inf", now)

local wait = math.max(0, (state.closed or 0) - now, (state.shut_until or 0) - now)
if redis.call("zcard", KEYS[2]) >= whole(allowed(ceiling)) then
    local lapse = redis.call("zrange", KEYS[2], 0, 0, "withscores")[2]
    wait = math.max(wait, lapse - now)
end
local levels = {}
for kind, amount in pairs(wanted) do
    wanted[kind] = math.min(amount, limits[kind]) -- more than the limit waits for all of it, not for ever
    levels[kind] = refilled(kind, limits[kind], amount)
    wait = math.max(wait, math.ceil((wanted[kind] - levels[kind]) * MINUTE / (limits[kind] * STEADY)))
end

local first = first_in_line()
if wait == 0 and first and first ~= worker then
    wait = WAITER_FOR -- the next worker to be given room rings for us
end
local given = { requests = state.given_requests or 0, tokens = state.given_tokens or 0 }
if wait == 0 then
    redis.call("zadd", KEYS[2], now + lease, id)
    redis.call("zrem", KEYS[4], worker)
    for kind, amount in pairs(wanted) do
        levels[kind] = levels[kind] - amount
        given[kind] = given[kind] + amount
    end
    ring()
elseif not redis.call("zscore", KEYS[4], worker) then
    redis.call("zadd", KEYS[4], redis.call("hincrby", KEYS[1], "tickets", 1), worker)
end
redis.call("hset", KEYS[1], "at", now, "requests", levels.requests, "tokens", levels.tokens,
    "given_requests", given.requests, "given_tokens", given.tokens)
redis.call("pexpire", KEYS[1], 24 * 60 * MINUTE)
redis.call("pexpire", KEYS[3], MINUTE)
return { wait, now, given.requests, given.tokens }
