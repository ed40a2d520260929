-- Queues messages, but none of an id that waits or is in a worker's hands: sent twice, it is sent once.
-- KEYS, for each: queue list, messages hash, doorbell. ARGV: most rings, then for each: message id, data, and the
-- end of the queue at which it waits: "rpush" behind all others, "lpush" before them.
for nth = 0, #KEYS / 3 - 1 do
    local queue, messages, bell = KEYS[3 * nth + 1], KEYS[3 * nth + 2], KEYS[3 * nth + 3]
    local id, data, push = ARGV[3 * nth + 2], ARGV[3 * nth + 3], ARGV[3 * nth + 4]
    if redis.call("hsetnx", messages, id, data) == 1 then
        redis.call(push, queue, id)
        redis.call("lpush", bell, "1")
        redis.call("ltrim", bell, 0, ARGV[1] - 1)
    end
end
