/** Keys in the order of their UTF-16 code units, though Redis compares bytes of UTF-8: U+E000 to U+FFFF go behind what is above them. */
export const names = `
local function toName(key) return (string.gsub(key, '[\\238\\239]', {['\\238'] = '\\254', ['\\239'] = '\\255'})) end
local function fromName(name) return (string.gsub(name, '[\\254\\255]', {['\\254'] = '\\238', ['\\255'] = '\\239'})) end
`;

/** Reads a state record: answers it, if it is there, and its version. */
export const readState = `
local function stateOf(key)
  local record = call('HGET', B .. 's', key)
  if not record then return nil, 0 end
  local version, expiresAt = unpk('>dd', record)
  if expiresAt >= 0 and expiresAt <= nowMs then return nil, 0 end
  return record, version
end
`;

/** State records: reading, writing, and dropping those whose time has come, so many at most. Wants `names` and `revisions`. */
export const state: string = `
${readState}
local watchedUntil
local function told(key)
  if not watchedUntil then watchedUntil = tonumber(call('HGET', B .. 'w', '\\0') or 0) end
  if watchedUntil > nowMs then call('PUBLISH', B .. 's', key) end
end
local function deleteState(key)
  if call('HDEL', B .. 's', key) == 0 then return end
  call('ZREM', B .. 'k', toName(key))
  call('ZREM', B .. 'x', key)
  told(key)
end
local function expireStates()
  for _, key in ipairs(call('ZRANGEBYSCORE', B .. 'x', '-inf', nowMs, 'LIMIT', 0, 50)) do deleteState(key) end
end
local function writeState(key, value, expiresAt)
  if not value then
    deleteState(key)
    return 0
  end
  local version = raise()
  if call('HSET', B .. 's', key, pack('>dd', version, expiresAt) .. value) == 1 then call('ZADD', B .. 'k', 0, toName(key)) end
  if expiresAt >= 0 then call('ZADD', B .. 'x', expiresAt, key) else call('ZREM', B .. 'x', key) end
  told(key)
  return version
end
`;
