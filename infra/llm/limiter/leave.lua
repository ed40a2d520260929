-- Takes a worker out of the line. ARGV: the worker, 1 if it ends.
redis.call("zrem", KEYS[4], ARGV[1])
if ARGV[2] == "1" then
    redis.call("zrem", KEYS[3], ARGV[1])
end
ring()
