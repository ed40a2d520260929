-- The common head of the limiter's scripts; it stands before each of them. All times are ms of Redis's own clock.
-- KEYS: state (hash), calls in the air by the end of their lease, workers by when they were last heard of, workers
-- that wait in the order in which they came. The bell of a worker is the key of the state, ":bell:" and the worker's id.
local MINUTE = 60000
-- Of a minute's limit this part is refilled in a minute, and a bucket holds the rest (3 s of it), so that no minute has
-- more than its limit. Small bursts, because OpenAI may enforce a minute's limit over shorter times
-- (help.openai.com, "An introduction to rate limits").
local STEADY = 0.95
local TOLD_FOR = 10 * MINUTE -- limits that were not told again for so long are forgotten
local SHUT, DOUBLINGS = 2000, 5 -- the first wait after a refusal of the account, and how often it doubles (64 s)
local WAITER_FOR = 2500 -- two waits and a little: a silent worker loses its place after it

local clock = redis.call("time")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local state = {}
local fields = redis.call("hgetall", KEYS[1])
for nth = 1, #fields, 2 do
    state[fields[nth]] = tonumber(fields[nth + 1])
end

-- The lower of our own limit and the one that the provider tells.
local function limit_of(kind, own)
    local told = state["told_" .. kind]
    if told and now - state.told_at < TOLD_FOR then
        return math.min(tonumber(own), told)
    end
    return tonumber(own)
end

-- The level of a bucket now. One that was lost starts empty; one call of any size must fit into it.
local function refilled(kind, limit, amount)
    local held = state[kind] or 0
    local level = held + math.max(0, now - (state.at or now)) * limit * STEADY / MINUTE
    local size = math.max(limit * (1 - STEADY), math.min(amount, limit), held)
    return math.max(0, math.min(level, size, limit))
end

-- The calls that a bound allows: it grows by fractions, whose sum falls short of a whole by a rounding.
local function whole(bound)
    return math.floor(bound + 0.000001)
end

-- The most calls that may be in the air: one that tries while the provider refuses the account.
local function allowed(ceiling)
    return state.shut and 1 or math.min(state.bound or ceiling, ceiling)
end

-- The worker that has waited longest of those that still ask.
local function first_in_line()
    while true do
        local first = redis.call("zrange", KEYS[4], 0, 0)[1]
        local heard = first and tonumber(redis.call("zscore", KEYS[3], first) or 0)
        if not first or heard >= now - WAITER_FOR then
            return first
        end
        redis.call("zrem", KEYS[4], first)
    end
end

-- Wakes the first in line; an unheard ring is kept for a while, once.
local function ring()
    local first = first_in_line()
    if first then
        local bell = KEYS[1] .. ":bell:" .. first
        redis.call("lpush", bell, "1")
        redis.call("ltrim", bell, 0, 0)
        redis.call("pexpire", bell, MINUTE)
    end
end
