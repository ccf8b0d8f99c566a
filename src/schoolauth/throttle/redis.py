"""`RedisThrottle`: tries counted in Redis or Valkey. Needs the extra ``throttle``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from redis import Redis, RedisCluster, RedisError
from redis.exceptions import RedisClusterException

from schoolauth.errors import StorageUnavailable
from schoolauth.model.arguments import require_kind
from schoolauth.model.user import to_micros
from schoolauth.ports import NEVER, Bucket, Refusal
from schoolauth.throttle.counter import CLOCKS_DIFFER, MICROSECOND, SECOND, BaseThrottle, Operation

# The arithmetic of `counter`. A key lives two minutes longer than it counts; by a clock that was
# given, which may stand, a day.
_SCRIPT = """
local op, now, grace, at = ARGV[1], tonumber(ARGV[2]), 120000, 3
if op == 'clear' then redis.call('DEL', unpack(KEYS)) return {0, 0} end
if now then grace = 86400000 else
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local full, longest, rows = 0, 0, {}
for k, key in ipairs(KEYS) do
  local held, row = {}, {kept = {}, new = {}, aside = {}, mended = false, forever = false}
  for number in string.gmatch(redis.call('GET', key) or '', '%d+') do
    held[#held + 1] = tonumber(number)
  end
  for n = 1, tonumber(ARGV[at]) do
    local burst, refill = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local before, set_aside = held[2 * n - 1] or 0, held[2 * n] or 0
    local number, aside, empty, step = before, set_aside, now, refill
    if refill == 0 then empty, step = 0, 1 end
    local most = empty + burst * step
    if number > most + DIFFER then
      number, aside = most, number
    elseif aside <= most + DIFFER then
      number, aside = math.max(number, aside), 0
    elseif number <= empty then
      aside = 0
    end
    row.mended = row.mended or number ~= before or aside ~= set_aside
    local late = math.max(number, empty) + step - most
    if late > 0 and refill == 0 then late = FOREVER end
    if late > longest then full, longest = k, late end
    row.kept[n], row.aside[n] = number, aside
    if op == 'give_back' then
      row.new[n] = math.min(number, math.max(number - step, empty))
    else
      row.new[n] = math.min(math.max(number, empty) + step, math.max(number, most))
    end
    row.forever = row.forever or (refill == 0 and row.new[n] > 0)
    at = at + 2
  end
  rows[k], at = row, at + 1
end
local only_mend = op == 'wait' or (op == 'take' and full > 0)
for k, key in ipairs(KEYS) do
  local row, over, texts = rows[k], now, {}
  if row.mended or not only_mend then
    for n, number in ipairs(only_mend and row.kept or row.new) do
      over, texts[n] = math.max(over, number), string.format('%.0f %.0f', number, row.aside[n])
    end
    local life = row.forever and {} or {'PX', math.ceil((over - now) / 1000) + grace}
    redis.call('SET', key, table.concat(texts, ' '), unpack(life))
  end
end
return {full, longest}
""".replace("DIFFER", str(CLOCKS_DIFFER)).replace("FOREVER", str(NEVER * SECOND))


class RedisThrottle(BaseThrottle):
    """Counts tries in Redis or Valkey, shared by every process that uses the same keys.

    Let the server refuse rather than forget: ``maxmemory-policy noeviction``, which is its default.

    Args:
        client: one of redis-py; its time-outs are how long a try waits for an answer.
        prefix: what the keys begin with, in braces, which keep them on one node of a cluster.

    Raises:
        TypeError, ValueError: if *client* or *prefix* is something else.
    """

    def __init__(self, client: Redis | RedisCluster, *, prefix: str = "schoolauth") -> None:
        if not isinstance(client, Redis | RedisCluster):
            raise TypeError("client must be a Redis or a RedisCluster of redis-py, not of asyncio")
        require_kind(prefix, str, "prefix")
        if not prefix or not prefix.isascii() or "}" in prefix:
            raise ValueError("prefix must be ASCII text without braces")
        self._client, self._prefix = client, prefix
        self._script: Any = client.register_script(_SCRIPT)

    def _do(
        self, operation: Operation, buckets: Sequence[Bucket], now: datetime | None
    ) -> Refusal | None:
        keys = [f"{{{self._prefix}}}:{bucket.key}" for bucket in buckets]
        args: list[str | int] = [operation, "" if now is None else to_micros(now)]
        for bucket in buckets:
            args.append(len(bucket.limits))
            for limit in bucket.limits:
                args += [limit.burst, 0 if limit.refill is None else limit.refill // MICROSECOND]
        try:
            full, late = self._script(keys, args)
            return Refusal(buckets[full - 1], -(-late // SECOND)) if full else None
        except (RedisError, RedisClusterException) as error:
            name = type(error).__name__
        raise StorageUnavailable(f"{StorageUnavailable().message} ({name})")
