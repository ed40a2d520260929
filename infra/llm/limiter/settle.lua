-- Ends a call: its place in the air is free, unused tokens are given back as far as the provider's own count
-- allows, and the limits that the provider told are learned. A call that is not in the air any more changes nothing.
-- ARGV: call id, outcome (1 answered, -1 refused with 429, -2 account refused, 0 failed, 2 never sent), requests a
-- minute, tokens a minute, ceiling, tokens reserved, when, how many requests and tokens had been given by then, tokens
-- used, told: limit and rest of requests, limit and rest of tokens, pause. -1 stands for an unknown.
-- Returns 1 if it changed anything.
local id, outcome, ceiling = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])
local reserved_at = tonumber(ARGV[7])
local lapse = redis.call("zscore", KEYS[2], id)
if not lapse or tonumber(lapse) <= now then
    return 0
end
redis.call("zremrangebyscore", KEYS[2], "-inf", now)
local in_the_air = redis.call("zcard", KEYS[2])
redis.call("zrem", KEYS[2], id)

local told = {
    requests = { limit = tonumber(ARGV[11]), rest = tonumber(ARGV[12]) },
    tokens = { limit = tonumber(ARGV[13]), rest = tonumber(ARGV[14]) },
}
local amounts = { requests = 1, tokens = tonumber(ARGV[6]) }
local used = { requests = 1, tokens = tonumber(ARGV[10]) }
local marks = { requests = tonumber(ARGV[8]), tokens = tonumber(ARGV[9]) }
local own = { requests = ARGV[3], tokens = ARGV[4] }

-- A provider that tells its rest counted it at some moment between our asking and now. So by now it holds at least
-- the rest that it told, less all that was given since; and at most that, and all that was refilled since. Up to
-- that least, unused tokens are given back: the provider cannot have charged them. But not where our own limit is
-- only a part of the provider's: that is counted as the provider counts, by reservations.
local levels, freed = {}, false
for kind, amount in pairs(amounts) do
    local said = told[kind]
    if said.limit >= 1 then
        state["told_" .. kind], state.told_at = said.limit, now
        redis.call("hset", KEYS[1], "told_" .. kind, said.limit, "told_at", now)
    end
    local limit = limit_of(kind, own[kind])
    amount = math.min(amount, limit)
    local level = refilled(kind, limit, amount)
    local spare, back = used[kind] >= 0 and amount - used[kind] or 0, 0
    local most = said.rest < 0 and limit or said.rest + (now - reserved_at) * said.limit / MINUTE
    if outcome == 2 then
        back = amount
    elseif spare < 0 or said.limit < 1 then
        back = spare -- usage counts if it is more than was reserved, or if the provider keeps no count
    elseif said.rest >= 0 and limit >= said.limit then
        local least = said.rest - ((state["given_" .. kind] or 0) - marks[kind])
        back = math.min(spare, math.max(0, least - level))
    end
    local size = math.max(limit * (1 - STEADY), amount, level)
    levels[kind] = math.max(0, math.min(level + back, size, most))
    freed = freed or levels[kind] > level
end
redis.call("hset", KEYS[1], "at", now, "requests", levels.requests, "tokens", levels.tokens)

local pause = tonumber(ARGV[15])
if pause > 0 then
    redis.call("hset", KEYS[1], "closed", math.max(state.closed or 0, now + pause))
end
freed = freed or in_the_air >= whole(allowed(ceiling))
-- Calls that were in the air before a refusal of the account say nothing about it.
if outcome == -2 and reserved_at > (state.shut_at or 0) then
    local until_then = now + SHUT * 2 ^ math.min(state.shut or 0, DOUBLINGS)
    redis.call("hset", KEYS[1], "shut", (state.shut or 0) + 1, "shut_at", now, "shut_until", until_then)
elseif outcome == 1 and state.shut and reserved_at > state.shut_at then
    redis.call("hdel", KEYS[1], "shut", "shut_at", "shut_until")
    freed = true
end
local bound = math.min(state.bound or ceiling, ceiling)
if outcome == -1 and reserved_at > (state.halved_at or 0) then
    -- Once for all calls that were in the air together.
    bound = math.max(1, math.floor(math.min(bound, in_the_air) / 2))
    redis.call("hset", KEYS[1], "bound", bound, "halved_at", now)
elseif outcome == 1 and state.bound then
    -- By one for as many answers as are allowed in the air.
    redis.call("hset", KEYS[1], "bound", math.min(ceiling, bound + 1 / whole(bound)))
end
if freed then
    ring()
end
return 1
