-- Queues messages, but none of an id that waits or is in a worker's hands: sent twice, it is sent once. One that has
-- been in a worker's hands for too long, by the times that senders state, is queued again: it may have been lost.
-- KEYS, for each: queue list, messages hash, doorbell. ARGV: most rings, the most milliseconds in a worker's hands,
-- then for each: message id, data, the time of sending (ms), and the end of the queue at which it waits: "rpush"
-- behind all others, "lpush" before them.
local function is_overdue(queue, messages, id, data, at)
    local read, held = pcall(cjson.decode, redis.call("hget", messages, id))
    local since = read and type(held) == "table" and tonumber(held["message_timestamp"])
    if since and at - since < tonumber(ARGV[2]) then
        return false
    end
    redis.call("hset", messages, id, data) -- so that it is looked for again only after as long
    return not redis.call("lpos", queue, id)
end

for nth = 0, #KEYS / 3 - 1 do
    local queue, messages, bell = KEYS[3 * nth + 1], KEYS[3 * nth + 2], KEYS[3 * nth + 3]
    local id, data, at, push = unpack(ARGV, 4 * nth + 3, 4 * nth + 6)
    if redis.call("hsetnx", messages, id, data) == 1 or is_overdue(queue, messages, id, data, tonumber(at)) then
        redis.call(push, queue, id)
        redis.call("lpush", bell, "1")
        redis.call("ltrim", bell, 0, ARGV[1] - 1)
    end
end
