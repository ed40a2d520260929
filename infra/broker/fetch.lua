-- Takes up to ARGV[1] messages of a queue for one consumer, in Dramatiq's own key layout.
-- KEYS: queue list, messages hash, acks set, doorbell. ARGV: limit, the most bytes of data that are handed out.
-- Returns id, data, id, data, ...: unlike Dramatiq's fetch it names the ids, so that data which cannot be decoded
-- can still be acknowledged. Data is false where only the id was left, and cut where it is too long for a message.
local taken = {}
for _ = 1, tonumber(ARGV[1]) do
    local id = redis.call("lpop", KEYS[1]) -- first: a full Redis lets a script write that began by removing
    if not id then
        redis.call("del", KEYS[4]) -- an empty queue needs no further rings
        break
    end
    redis.call("sadd", KEYS[3], id)
    taken[#taken + 1] = id
    local data = redis.call("hget", KEYS[2], id)
    taken[#taken + 1] = data and data:sub(1, tonumber(ARGV[2]))
end
return taken
