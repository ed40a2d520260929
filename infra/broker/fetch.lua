-- Takes up to ARGV[3] messages of a queue for one consumer, in Dramatiq's own key layout.
-- KEYS: queue list, messages hash, acks set, heartbeats, doorbell. ARGV: now (ms), broker id, limit.
-- Returns id, data, id, data, ...: unlike Dramatiq's fetch it names the ids, so that data which cannot be decoded
-- can still be acknowledged. Data is false where only the id was left.
redis.call("zadd", KEYS[4], ARGV[1], ARGV[2])
local taken = {}
for _ = 1, tonumber(ARGV[3]) do
    local id = redis.call("lpop", KEYS[1])
    if not id then
        redis.call("del", KEYS[5]) -- an empty queue needs no further rings
        break
    end
    redis.call("sadd", KEYS[3], id)
    taken[#taken + 1] = id
    taken[#taken + 1] = redis.call("hget", KEYS[2], id)
end
return taken
