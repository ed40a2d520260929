-- Hears of a worker. ARGV: the worker. Returns how many there are.
hear_of(ARGV[1])
redis.call("pexpire", KEYS[1], 24 * 60 * MINUTE)
redis.call("pexpire", KEYS[3], 24 * 60 * MINUTE)
return redis.call("zcard", KEYS[3])
