-- Keeps calls in the air counted whose worker lives. Those that were settled, or have lapsed, stay so.
-- ARGV: lease, then the ids of calls.
for nth = 2, #ARGV do
    redis.call("zadd", KEYS[2], "xx", now + ARGV[1], ARGV[nth])
end
