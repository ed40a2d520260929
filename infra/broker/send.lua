-- Queues a message, unless one of that id waits or is in somebody's hands: who sends it twice sends it once.
-- KEYS: queue list, messages hash, doorbell. ARGV: message id, data, most rings.
if redis.call("hsetnx", KEYS[2], ARGV[1], ARGV[2]) == 1 then
    redis.call("rpush", KEYS[1], ARGV[1])
    redis.call("lpush", KEYS[3], "1")
    redis.call("ltrim", KEYS[3], 0, ARGV[3] - 1)
end
