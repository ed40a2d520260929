-- Puts messages back that a consumer took and nobody began: before those that wait, since their turn had come.
-- KEYS: queue list, messages hash, acks set, doorbell. ARGV: most rings, then the ids, in the order of their taking.
for nth = #ARGV, 2, -1 do
    local was_taken = redis.call("srem", KEYS[3], ARGV[nth]) == 1 -- first: a full Redis lets a script write then
    if was_taken and redis.call("hexists", KEYS[2], ARGV[nth]) == 1 then
        redis.call("lpush", KEYS[1], ARGV[nth])
        redis.call("lpush", KEYS[4], "1")
    end
end
-- One ring more than messages: a consumer that is about to stop may answer one.
redis.call("lpush", KEYS[4], "1")
redis.call("ltrim", KEYS[4], 0, ARGV[1] - 1)
